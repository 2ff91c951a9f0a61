// Compose files: one for each app, for `docker compose` on one machine, or for `docker stack deploy`. What the two have no word for is
// told by unsaid.ts.

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
import { escapeTree } from './interpolation.ts';
import { commonOf, helpers, portVariable, serviceOf } from './service.ts';
import { Shared, type Tree } from './sharing.ts';
import { composeSayings } from './unsaid.ts';

export const compose: Format = {
  name: 'compose',
  write(host, { container = containerDefaults }) {
    const engine = container.swarm ? 'swarm' : 'compose';
    const workloads = workloadsOf(host, container);
    const files = workloads.map((workload): OutputFile => {
      const { app, web, others } = workload;
      const unsaid = [
        ...problemsOf(
          engine,
          { name: app.name, source: app.source, subject: app.name },
          appSayings(workload),
        ),
        ...[web, ...others].flatMap(part =>
          problemsOf(engine, { ...part.program, subject: app.name }, [
            ...programSayings(part, app),
            ...composeSayings(part, workload, container),
          ]),
        ),
      ];
      return {
        kind: 'file',
        path: fileOf(host, app, container.swarm ? 'stack' : 'compose', '.yaml'),
        text: textOf(workload, container),
        mode: 0o644,
        owner: app.name,
        unsaid,
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

function textOf(workload: Workload, options: ContainerOptions): string {
  const comment = [writtenBy(`[app.${workload.app.name}]`), ...useLines(workload, options)];
  return `${comment.map(line => `# ${line}`.trimEnd()).join('\n')}\n${fileText(workload, options)}`;
}

function fileText(workload: Workload, options: ContainerOptions): string {
  const shared = new Shared(commonOf(workload, options));
  const tree = fileTree(workload, shared, options);
  return yamlText([escapeTree(tree, new Set(shared.all.values()))], 'app');
}

function fileTree(workload: Workload, shared: Shared, options: ContainerOptions): Tree {
  const { app, name, web, others } = workload;
  const sharing = { ...workload, shared };
  const parts = [web, ...others];
  const secrets = options.swarm ? [...new Set(parts.flatMap(part => part.variables.secrets))] : [];
  return {
    // Docker 20.10 and before ask for it; Compose needs none, and says so.
    ...(options.swarm ? { version: '3.9' } : {}),
    'x-app': shared.common,
    services: {
      ...helpers(sharing, options),
      ...Object.fromEntries(parts.map(part => [part.name, serviceOf(part, sharing, options)])),
    },
    ...(mediaOf(app) === null ? {} : { volumes: { media: {} } }),
    ...(secrets.length === 0
      ? {}
      : {
          secrets: Object.fromEntries(
            secrets.map(secret => [secret, { external: true, name: `${name}_${secret}` }]),
          ),
        }),
  };
}

/** How the file is used, in its comment. */
function useLines({ name, image, web, others }: Workload, options: ContainerOptions): readonly string[] {
  const { swarm, port, registry, replicas } = options;
  const secrets = [...new Set([web, ...others].flatMap(part => part.variables.secrets))];
  if (swarm)
    return [
      ...secrets.map(secret => `Once: printf %s VALUE | docker secret create ${name}_${secret} -`),
      `Use: docker stack deploy -c stack.yaml ${name}`,
      port === null
        ? `Docker chooses the ports: docker service ps ${name}_${name}, docker inspect TASK.`
        : `Each node with a copy answers on port ${port}.`,
    ];
  const isFixed = port !== null || replicas === 1;
  const variables = [...secrets, ...(isFixed ? [`${portVariable(name)} (${port ?? 8000} otherwise)`] : [])];
  return [
    ...(variables.length === 0
      ? []
      : [`Variables, from a file .env beside this one (mode 0600): ${variables.join(', ')}.`]),
    registry === null ? `Image: hostctl emit image, then: docker compose build` : `Image: ${image}`,
    `Use: docker compose --project-name ${name} up --detach`,
  ];
}
