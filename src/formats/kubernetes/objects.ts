// The objects of an app in Kubernetes, in the order in which they are needed. Pure.

import { createHash } from 'node:crypto';
import type { Schedule } from '../../model/host.ts';
import { readCron } from '../../words/cron.ts';
import { waitingCommand } from '../containers/scripts.ts';
import { managePath, mediaOf, type Part, pythonOf, type Workload } from '../containers/workload.ts';
import type { ContainerOptions } from '../format.ts';
import { basicsOf, escapeWord, labelsOf, namesOf, podOf, sharedVariables, type Tree } from './pod.ts';

/** `names`: of the parts' objects, by the names of their programs. */
export function objectsOf(
  workload: Workload,
  names: ReadonlyMap<string, string>,
  options: ContainerOptions,
): readonly Tree[] {
  const { app, name, web, others } = workload;
  const variables = sharedVariables(workload);
  const digest = digestOf(variables);
  const nameOf = (part: Part) => names.get(part.program.name) ?? name;
  const object = (apiVersion: string, kind: string, called: string, part: string, rest: Tree): Tree => ({
    apiVersion,
    kind,
    metadata: { name: called, labels: labelsOf(workload, part) },
    ...rest,
  });
  const pod = (part: Part) => podOf(part, workload, options, digest);
  return [
    object('v1', 'ConfigMap', namesOf(workload).variables, name, { data: variables }),
    ...(mediaOf(app) === null
      ? []
      : [
          object('v1', 'PersistentVolumeClaim', namesOf(workload).media, name, {
            spec: {
              accessModes: [needsShared(workload, options) ? 'ReadWriteMany' : 'ReadWriteOnce'],
              resources: { requests: { storage: options.storage } },
            },
          }),
        ]),
    ...(options.migrations
      ? [object('batch/v1', 'Job', '', 'migrate', migration(workload, options, digest))]
      : []
    ).map(job => ({
      ...job,
      metadata: { ...(job['metadata'] as Tree), name: migrationName(name, digestOf(job)) },
    })),
    object('apps/v1', 'Deployment', name, name, {
      spec: {
        ...(options.autoscale !== null ? {} : { replicas: web.program.autostart ? options.replicas : 0 }),
        ...always(workload, web),
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: pod(web),
      },
    }),
    ...others
      .filter(({ program }) => program.schedule === null)
      .map(part =>
        object('apps/v1', 'Deployment', nameOf(part), part.name, {
          spec: {
            replicas: part.program.autostart ? 1 : 0,
            ...always(workload, part),
            // As hostd does: never two of it at once.
            strategy: { type: 'Recreate' },
            template: pod(part),
          },
        }),
      ),
    ...others.flatMap(part =>
      part.program.schedule === null
        ? []
        : [
            object('batch/v1', 'CronJob', nameOf(part), part.name, {
              spec: cronOf(part, part.program.schedule, pod(part)),
            }),
          ],
    ),
    object('v1', 'Service', name, name, {
      spec: { selector: labelsOf(workload, name), ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    }),
    ...(hostsOf(workload).length === 0
      ? []
      : [
          {
            apiVersion: 'networking.k8s.io/v1',
            kind: 'Ingress',
            metadata: { name, labels: labelsOf(workload, name), annotations: ingressAnnotations(workload) },
            spec: ingressOf(workload),
          },
        ]),
    ...(options.autoscale === null
      ? []
      : [
          object('autoscaling/v2', 'HorizontalPodAutoscaler', name, name, {
            spec: scalerOf(name, options.autoscale),
          }),
        ]),
  ];
}

/** Whether pods on several nodes have the app's volume. */
export function needsShared({ others }: Workload, { autoscale, replicas }: ContainerOptions): boolean {
  return autoscale !== null || replicas > 1 || others.length > 0;
}

/** RFC 1123's names, and "*." before one: neither an underscore nor an address. */
export function isIngressHost(name: string): boolean {
  const labels = name.replace(/^\*\./, '').split('.');
  return labels.every(label => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) && !/^[\d.]+$/.test(name);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** Seconds after which a roll-out that does not move has failed: Kubernetes' own. */
const usualDeadline = 600;

function always(workload: Workload, { name, program }: Part): Tree {
  const minReadySeconds = Math.ceil(program.startsecs);
  return {
    minReadySeconds,
    // A pod that takes its time has not failed.
    ...(minReadySeconds < usualDeadline / 2
      ? {}
      : { progressDeadlineSeconds: minReadySeconds + usualDeadline }),
    selector: { matchLabels: labelsOf(workload, name) },
  };
}

/** In 63 characters, since the label of its pods has it, too. */
function migrationName(name: string, digest: string): string {
  return `${name.slice(0, 46).replace(/-+$/, '')}-migrate-${digest.slice(0, 8)}`;
}

/** Its name changes with the image: a job that there is already is not run again. The pods of new code wait for it. */
function migration(workload: Workload, options: ContainerOptions, digest: string): Tree {
  const { web, app } = workload;
  const python = pythonOf(app);
  const command = [python, managePath(app), 'migrate', '--noinput'];
  const { initContainers: _, ...spec } = podOf(web, workload, options, digest)['spec'] as Tree;
  return {
    spec: {
      backoffLimit: 3,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels: labelsOf(workload, 'migrate') },
        spec: {
          ...spec,
          restartPolicy: 'Never',
          containers: [
            {
              name: 'migrate',
              ...basicsOf(web, workload),
              command: (web.waitsFor.length === 0
                ? command
                : waitingCommand(python, web.waitsFor, command)
              ).map(escapeWord),
            },
          ],
        },
      },
    },
  };
}

/** Seconds after its time in which a run may still begin. */
const tolerance = { usual: 60, catchUp: 86_400 };

function cronOf({ program }: Part, schedule: Schedule, template: Tree): Tree {
  return {
    schedule: cronText(schedule.cron),
    ...(schedule.timezone === null ? {} : { timeZone: schedule.timezone }),
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: schedule.catchUp ? tolerance.catchUp : tolerance.usual,
    suspend: !program.autostart,
    jobTemplate: {
      spec: {
        backoffLimit: 0,
        ...(schedule.timeLimit === null ? {} : { activeDeadlineSeconds: schedule.timeLimit }),
        template,
      },
    },
  };
}

/** In numbers alone, which every reader of cron's fields has. */
function cronText(text: string): string {
  const read = readCron(text);
  if (!read.ok) return text;
  const { minutes, hours, days, months, weekdays } = read.cron;
  return [minutes, hours, days, months, weekdays].map(values => values?.join(',') ?? '*').join(' ');
}

/** For ingress-nginx; what others call it differs. Its own default for a body is one megabyte. */
function ingressAnnotations({ app }: Workload): Tree {
  const of = (key: string) => `nginx.ingress.kubernetes.io/${key}`;
  return {
    [of('proxy-body-size')]:
      app.clientMaxBodySize === 0 ? '0' : `${Math.ceil(app.clientMaxBodySize / 1024)}k`,
    [of('proxy-read-timeout')]: String(app.proxyReadTimeout),
    [of('ssl-redirect')]: String(app.redirectHttps),
  };
}

/** Those that Kubernetes takes for host names. */
function hostsOf({ app }: Workload): readonly string[] {
  return app.serverNames.filter(isIngressHost);
}

function ingressOf(workload: Workload): Tree {
  const { app, name } = workload;
  const backend = { service: { name, port: { name: 'http' } } };
  return {
    ...(app.certificate === null
      ? {}
      : { tls: [{ hosts: hostsOf(workload), secretName: namesOf(workload).certificate }] }),
    rules: hostsOf(workload).map(host => ({
      host,
      http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
    })),
  };
}

function scalerOf(name: string, { least, most }: { readonly least: number; readonly most: number }): Tree {
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: least,
    maxReplicas: most,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ],
  };
}
