// The objects of Kubernetes, a file for each app, for `kubectl apply -f`. What there is no word for is told by unsaid.ts.

import { labelled } from '../containers/names.ts';
import {
  appSayings,
  elsewhereIn,
  problemsOf,
  programSayings,
  settingsSayings,
  strangersIn,
} from '../containers/unsaid.ts';
import { fileOf, mediaOf, type Workload, workloadsOf } from '../containers/workload.ts';
import { yamlText } from '../containers/yaml.ts';
import { type ContainerOptions, containerDefaults, type Format, type OutputFile } from '../format.ts';
import { writtenBy } from '../layout.ts';
import { needsShared, objectsOf } from './objects.ts';
import { namesOf } from './pod.ts';
import { kubernetesSayings, siteSayings } from './unsaid.ts';

const engine = 'kubernetes';

export const kubernetes: Format = {
  name: 'kubernetes',
  write(host, { container = containerDefaults }) {
    const workloads = workloadsOf(host, container);
    const names = partNames(workloads);
    const files = workloads.map((workload): OutputFile => {
      const { app, web, others } = workload;
      const comment = [writtenBy(`[app.${app.name}]`), ...useLines(workload, container)];
      return {
        kind: 'file',
        path: fileOf(host, app, 'kubernetes', '.yaml'),
        text: `${comment.map(line => `# ${line}\n`).join('')}${yamlText(objectsOf(workload, names, container))}`,
        mode: 0o644,
        owner: app.name,
        unsaid: [
          ...problemsOf(engine, { ...app, subject: app.name }, [
            ...appSayings(workload),
            ...siteSayings(workload),
          ]),
          ...[web, ...others].flatMap(part =>
            problemsOf(engine, { ...part.program, subject: app.name }, [
              ...programSayings(part, app),
              ...kubernetesSayings(part),
            ]),
          ),
        ],
      };
    });
    return {
      files,
      problems: [
        ...files.flatMap(({ unsaid = [] }) => unsaid),
        ...elsewhereIn(host, workloads, engine),
        ...strangersIn(host, engine),
        ...settingsSayings(host, engine),
      ],
    };
  },
};

/** Names of the parts' objects, by the names of their programs. All apps are in one namespace. */
function partNames(workloads: readonly Workload[]): ReadonlyMap<string, string> {
  const pairs = workloads.flatMap(({ name, others }) =>
    others.map(part => [part.program.name, `${name}-${part.name}`] as const),
  );
  const labels = labelled(
    pairs.map(([, wished]) => wished),
    workloads.map(({ name }) => name),
  );
  return new Map(pairs.map(([program, wished]) => [program, labels.get(wished) ?? wished]));
}

/** How the file is used, in its comment. */
function useLines(workload: Workload, options: ContainerOptions): readonly string[] {
  const { app, web, others } = workload;
  const names = namesOf(workload);
  const secrets = [...new Set([web, ...others].flatMap(part => part.variables.secrets))];
  const literals = secrets.map(name => `--from-literal=${name}=VALUE`).join(' ');
  return [
    ...(secrets.length === 0 ? [] : [`Once: kubectl create secret generic ${names.secrets} ${literals}`]),
    ...(app.envFiles.length === 0
      ? []
      : [
          `Once: kubectl create secret generic ${names.file} ${app.envFiles.map(file => `--from-env-file=${JSON.stringify(file)}`).join(' ')}`,
        ]),
    ...(app.certificate === null
      ? []
      : [
          `Once: kubectl create secret tls ${names.certificate} --cert=${JSON.stringify(app.certificate.certificate)} --key=${JSON.stringify(app.certificate.key)}`,
        ]),
    ...(mediaOf(app) === null || needsShared(workload, options)
      ? []
      : [
          `${names.media} is for one node (ReadWriteOnce), and Kubernetes never changes that of a claim: for --replicas 2 or --autoscale, delete it first.`,
        ]),
    `Use: kubectl apply -f kubernetes.yaml${options.migrations ? '; each roll-out with a --tag of its own, which is what makes its migrations run' : ''}`,
  ];
}
