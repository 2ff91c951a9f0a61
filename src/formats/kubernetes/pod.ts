// What runs: the pod of a part of an app, under the rules of the "restricted" level (Pod Security Standards). Pure.

import { boundOf } from '../containers/bounds.ts';
import { port, sleepingCommand, waitingCommand } from '../containers/scripts.ts';
import {
  containerIds,
  managePath,
  mediaOf,
  type Part,
  pythonOf,
  schemeOf,
  type Workload,
} from '../containers/workload.ts';
import type { ContainerOptions } from '../format.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** Names of the objects that belong to an app. */
export function namesOf({ name }: Workload) {
  return {
    variables: `${name}-env`,
    secrets: `${name}-secrets`,
    file: `${name}-env-file`,
    media: `${name}-media`,
    certificate: `${name}-tls`,
  };
}

/** Kubernetes puts variables into words: "$" is "$$" (k8s.io/kubernetes/third_party/forked/golang/expansion). */
export function escapeWord(word: string): string {
  return word.replaceAll('$', '$$$$');
}

/** `digest`: of the app's variables, so that new ones make new pods. */
export function podOf(part: Part, workload: Workload, options: ContainerOptions, digest: string): Tree {
  const { app } = workload;
  const { program } = part;
  const isWeb = part === workload.web;
  const isScheduled = program.schedule !== null;
  const { uid, gid } = containerIds(app);
  const what = [...part.waitsFor, ...(options.migrations && !isScheduled ? [managePath(app)] : [])];
  return {
    metadata: { labels: labelsOf(workload, part.name), annotations: { 'hostd/variables': digest } },
    spec: {
      ...(isScheduled ? { restartPolicy: 'Never' } : {}),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: uid,
        runAsGroup: gid,
        fsGroup: gid,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      terminationGracePeriodSeconds: Math.ceil(program.stopwaitsecs) + (isWeb ? drainSeconds : 0),
      ...(what.length === 0 ? {} : { initContainers: [waiter(part, workload, what)] }),
      containers: [containerOf(part, workload, options)],
      volumes: [
        { name: 'tmp', emptyDir: {} },
        ...(mediaOf(app) === null
          ? []
          : [{ name: 'media', persistentVolumeClaim: { claimName: namesOf(workload).media } }]),
      ],
    },
  };
}

/** A pod that is to end is still asked for a moment, until every node knows. */
const drainSeconds = 5;

export function labelsOf({ name }: Workload, part: string): Tree {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': part };
}

function waiter(part: Part, workload: Workload, what: readonly string[]): Tree {
  return {
    name: 'wait',
    ...basicsOf(part, workload),
    command: waitingCommand(pythonOf(workload.app), what, []).map(escapeWord),
  };
}

function containerOf(part: Part, workload: Workload, options: ContainerOptions): Tree {
  const isWeb = part === workload.web;
  const resources = resourcesOf(part, isWeb && options.autoscale !== null);
  return {
    name: part.name,
    ...basicsOf(part, workload),
    command: part.command.map(escapeWord),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(isWeb
      ? {
          ports: [{ name: 'http', containerPort: port }],
          lifecycle: {
            preStop: { exec: { command: sleepingCommand(pythonOf(workload.app), drainSeconds) } },
          },
          ...probesOf(part, workload),
        }
      : {}),
  };
}

/** What also the containers have that only wait, or migrate. */
export function basicsOf({ program, variables }: Part, workload: Workload): Tree {
  const { app, image } = workload;
  const names = namesOf(workload);
  const shared = sharedVariables(workload);
  const own = Object.entries(variables.plain).filter(([name]) => !Object.hasOwn(shared, name));
  const env = [
    ...own.map(([name, value]) => ({ name, value: escapeWord(value) })),
    ...variables.secrets.map(name => ({
      name,
      valueFrom: { secretKeyRef: { name: names.secrets, key: name } },
    })),
  ];
  return {
    image,
    imagePullPolicy: 'IfNotPresent',
    workingDir: program.directory ?? app.project,
    envFrom: [
      ...(app.envFiles.length === 0 ? [] : [{ secretRef: { name: names.file } }]),
      { configMapRef: { name: names.variables } },
    ],
    ...(env.length === 0 ? {} : { env }),
    securityContext: {
      allowPrivilegeEscalation: !program.noNewPrivileges,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(mediaOf(app) === null ? [] : [{ name: 'media', mountPath: mediaOf(app) }]),
    ],
  };
}

/** Variables that every part of the app has, with the same value. */
export function sharedVariables({ web, others }: Workload): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(web.variables.plain).filter(([name, value]) =>
      others.every(({ variables }) => variables.plain[name] === value),
    ),
  );
}

function resourcesOf({ program }: Part, isScaled: boolean): Tree {
  const memory = boundOf(program, 'memoryMax');
  const high = boundOf(program, 'memoryHigh');
  const cpu = boundOf(program, 'cpuMax');
  const limits = {
    ...(memory === null ? {} : { memory: String(memory) }),
    ...(cpu === null ? {} : { cpu: `${cpu * 10}m` }),
  };
  const requests = {
    // What one asks for is never more than its limit, which another table may have made lower.
    ...(high === null ? {} : { memory: String(Math.min(high, memory ?? high)) }),
    // Without a request there is nothing that a use could be so many percent of.
    ...(isScaled && cpu === null ? { cpu: '100m' } : {}),
  };
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  };
}

/** hostd asks after the start only where it is told how often, so only then a pod is killed for its answers. */
function probesOf({ program }: Part, { app }: Workload): Tree {
  const { health, healthWatch } = program;
  const question =
    health === null
      ? { tcpSocket: { port: 'http' } }
      : {
          httpGet: {
            path: health.path,
            port: 'http',
            httpHeaders: [
              { name: 'Host', value: health.host },
              { name: 'X-Forwarded-Proto', value: schemeOf(app) },
            ],
          },
        };
  const { interval = 10, failures = 3 } = healthWatch ?? {};
  const ask = { ...question, timeoutSeconds: 10 };
  return {
    startupProbe: { ...ask, periodSeconds: 2, failureThreshold: 150 },
    readinessProbe: { ...ask, periodSeconds: interval, failureThreshold: failures },
    ...(healthWatch === undefined
      ? {}
      : { livenessProbe: { ...ask, periodSeconds: interval, failureThreshold: failures } }),
  };
}
