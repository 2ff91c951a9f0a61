// One service of a Compose file: a program of the app, or a helper that ends before the app begins. Pure.

import type { App, Program } from '../../model/host.ts';
import { schedulingCommand } from '../containers/scheduler.ts';
import { healthCommand, port, waitingCommand } from '../containers/scripts.ts';
import {
  containerIds,
  isNamed,
  managePath,
  mediaOf,
  type Part,
  pythonOf,
  schemeOf,
  type Workload,
} from '../containers/workload.ts';
import type { ContainerOptions } from '../format.ts';
import { limitsOf, machineBounds } from './bounds.ts';
import { deployOf } from './deploy.ts';
import { Reference } from './interpolation.ts';
import type { Sharing, Tree } from './sharing.ts';

export function serviceOf(part: Part, workload: Sharing, options: ContainerOptions): Tree {
  const { program } = part;
  const isWeb = part === workload.web;
  return {
    ...placeOf(part, workload, options),
    ...limitsOf(program),
    ...(options.swarm ? {} : machineBounds(program)),
    command: commandOf(part, workload, options),
    ...(options.swarm
      ? {}
      : { restart: restartOf(program), ...profileOf(program), ...waitOf(part, options) }),
    ...(isWeb ? { ports: [portOf(workload, options)], healthcheck: healthOf(part, workload) } : {}),
    stop_signal: program.stopsignal,
    stop_grace_period: `${Math.ceil(program.stopwaitsecs)}s`,
    ...deployOf(part, isWeb, options),
  };
}

/** `migrate` and `requires`: Compose starts the rest when they have ended well, Swarm runs `migrate` beside the rest, which waits. */
export function helpers(workload: Sharing, options: ContainerOptions): Tree {
  const { web, others } = workload;
  const waitsFor = [...new Set([web, ...others].flatMap(part => part.waitsFor))];
  const common = placeOf(web, workload, options);
  const once = options.swarm
    ? {
        deploy: {
          mode: 'replicated-job',
          restart_policy: { condition: 'on-failure', delay: '5s', max_attempts: 3 },
        },
      }
    : { restart: 'no' };
  const python = pythonOf(workload.app);
  const manage = managePath(workload.app);
  const migration = [python, manage, 'migrate', '--noinput'];
  const needsGate = options.swarm && (web.waitsFor.length > 0 || web.variables.secrets.length > 0);
  return {
    ...(options.swarm || waitsFor.length === 0
      ? {}
      : { requires: { ...common, command: waitingCommand(python, waitsFor, []), ...once } }),
    ...(options.migrations
      ? {
          migrate: {
            ...common,
            command: needsGate ? waitingCommand(python, web.waitsFor, migration) : migration,
            ...once,
            ...(options.swarm || web.waitsFor.length === 0 ? {} : { depends_on: { requires: ended } }),
          },
        }
      : {}),
  };
}

const ended = { condition: 'service_completed_successfully' };

/** What each container of the app has: its image, and no rights. */
export function commonOf({ app, image }: Workload, { swarm }: ContainerOptions): Tree {
  const { uid, gid } = containerIds(app);
  return {
    image,
    ...(swarm ? {} : { build: { context: '.', dockerfile: 'Containerfile' } }),
    user: `${uid}:${gid}`,
    ...(app.envFiles.length === 0 ? {} : { env_file: app.envFiles }),
    init: true,
    read_only: true,
    ...placesOf(app, swarm),
    cap_drop: ['ALL'],
  };
}

/** Where it may write. Swarm knows a tmpfs among the volumes alone: the key of that name it ignores. */
function placesOf(app: App, swarm: boolean): Tree {
  const temporary = '/tmp';
  const media = mediaOf(app);
  const volumes = [
    ...(swarm ? [{ type: 'tmpfs', target: temporary }] : []),
    ...(media === null ? [] : [{ type: 'volume', source: 'media', target: media }]),
  ];
  return { ...(swarm ? {} : { tmpfs: [temporary] }), ...(volumes.length === 0 ? {} : { volumes }) };
}

/** What a part has besides: where it runs, its variables, its bounds. */
function placeOf(part: Part, { app, shared }: Sharing, { swarm }: ContainerOptions): Tree {
  const { program, variables } = part;
  const { uid, gid } = containerIds(app);
  const named = part.program.requires.filter(isNamed).map(({ name }) => name);
  return {
    '<<': shared.common,
    ...(swarm || !program.noNewPrivileges ? {} : { security_opt: ['no-new-privileges:true'] }),
    working_dir: program.directory ?? app.project,
    environment: shared.same({
      ...variables.plain,
      ...(swarm ? {} : Object.fromEntries(variables.secrets.map(name => [name, referenceTo(name, program)]))),
    }),
    ...(swarm && variables.secrets.length > 0
      ? {
          secrets: shared.same(
            variables.secrets.map(source => ({
              source,
              target: source,
              uid: String(uid),
              gid: String(gid),
              mode: 0o400,
            })),
          ),
        }
      : {}),
    ...(swarm || named.length === 0
      ? {}
      : { extra_hosts: Object.fromEntries(named.map(name => [name, 'host-gateway'])) }),
    logging: shared.same({
      driver: 'local',
      options: {
        'max-size': sizeOf(program.stdout.maxBytes),
        'max-file': String(Math.max(1, program.stdout.backups + 1)),
      },
    }),
  };
}

function referenceTo(name: string, { source }: Program): Reference {
  return new Reference(name, null, `it is in ${source.key.slice(0, 2).join('.')} of hostd's configuration`);
}

/** Bytes, as the engine reads them; -1: no limit. */
function sizeOf(bytes: number): string {
  return bytes === 0 ? '-1' : `${Math.ceil(bytes / 1024)}k`;
}

/** Neither Compose nor Swarm runs anything at certain times, so what has a schedule is in a container that does. */
function commandOf(part: Part, { app }: Workload, options: ContainerOptions): readonly string[] {
  const { program } = part;
  const python = pythonOf(app);
  const command =
    program.schedule === null
      ? part.command
      : schedulingCommand(python, program.schedule, program, part.command);
  if (!options.swarm) return command;
  const what = [...part.waitsFor, ...(options.migrations ? [managePath(app)] : [])];
  if (what.length === 0 && part.variables.secrets.length === 0) return command;
  return waitingCommand(python, what, command);
}

function waitOf(part: Part, options: ContainerOptions): Tree {
  const on = {
    ...(part.waitsFor.length === 0 ? {} : { requires: ended }),
    ...(options.migrations ? { migrate: ended } : {}),
  };
  return Object.keys(on).length === 0 ? {} : { depends_on: on };
}

function restartOf({ autorestart, startretries, schedule }: Program): string {
  if (schedule !== null || autorestart === 'always') return 'unless-stopped';
  if (autorestart === 'never') return 'no';
  return startretries === null ? 'on-failure' : `on-failure:${startretries}`;
}

/** What does not start by itself is in a profile: `docker compose run --rm NAME` starts it. */
function profileOf({ autostart }: Program): Tree {
  return autostart ? {} : { profiles: ['manual'] };
}

/** The variable by which a port is chosen: two apps cannot have one. */
export function portVariable(name: string): string {
  return `${name.replaceAll('-', '_').toUpperCase()}_PORT`;
}

/** On this machine alone for Compose, since whoever reaches the port can pretend to be the proxy. */
function portOf({ name }: Workload, { swarm, port: published, replicas }: ContainerOptions): unknown {
  // Swarm's own mesh needs IPVS, and hides the address of the client.
  if (swarm)
    return { target: port, protocol: 'tcp', ...(published === null ? {} : { published }), mode: 'host' };
  const fixed = published === null ? (replicas > 1 ? null : '8000') : String(published);
  if (fixed === null) return `127.0.0.1::${port}`;
  return new Reference(portVariable(name), fixed, '', ['127.0.0.1:', `:${port}`]);
}

function healthOf({ program }: Part, { app }: Workload): Tree {
  const { interval = 10, failures = 3 } = program.healthWatch ?? {};
  return {
    test: ['CMD', ...healthCommand(pythonOf(app), program.health, schemeOf(app))],
    interval: `${interval}s`,
    timeout: '10s',
    retries: failures,
    start_period: `${Math.max(30, Math.ceil(program.startsecs))}s`,
  };
}
