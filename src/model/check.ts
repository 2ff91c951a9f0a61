// What is wrong with a host that reads well: users and files that are missing, things that two apps claim, risks.
// Pure: the machine answers through an interface, and the state before is an argument.

import { checkApp } from './check-app.ts';
import { checkMetrics } from './check-metrics.ts';
import { checkProgram } from './check-program.ts';
import { checkSite, checkSiteSettings } from './check-site.ts';
import { checkSleep } from './check-sleep.ts';
import { checkUpstreams } from './check-upstreams.ts';
import { type Before, findConflicts, findDoubleNames } from './conflicts.ts';
import type { Host, Listen, RpcSocket, WebSettings } from './host.ts';
import { usableListeners } from './listen.ts';
import type { Machine } from './machine.ts';
import type { Problem, Source } from './problem.ts';

export interface CheckOptions extends Before {
  /** Writes a place inside a message, such as "apps.d/blog.toml:5". */
  readonly where?: (source: Source) => string;
  /** Names of the apps that the files define, those with errors included. */
  readonly defined?: ReadonlySet<string>;
}

/** All problems. An error's subject is the app or program that cannot be used because of it.
 *  `machine` null: facts of the machine are not checked. */
export function check(host: Host, machine: Machine | null, options: CheckOptions = {}): readonly Problem[] {
  const { where = (source: Source) => source.file } = options;
  const alone = [
    ...(machine === null ? [] : checkSettings(host, machine)),
    ...host.apps.flatMap(app => [
      ...checkApp(app, machine),
      ...checkSite(app, host.settings.proxy, machine),
      ...checkUpstreams(app, host.settings.proxy),
    ]),
    ...onePerSource(host).flatMap(program => checkProgram(program, machine)),
    ...checkSleep({ ...host, programs: onePerSource(host) }),
  ];
  // An app that cannot be used claims nothing.
  const broken = new Set(alone.flatMap(problem => (problem.severity === 'error' ? [problem.subject] : [])));
  const apps = host.apps.filter(app => !broken.has(app.name));
  const there = [...host.apps, ...(options.held ?? [])].map(({ name }) => name);
  return [
    ...alone,
    ...checkSiteSettings(host, new Set([...there, ...(options.defined ?? [])]), machine),
    ...findConflicts(apps, options, where),
    ...findDoubleNames(host.programs, where),
  ];
}

/** One program for each definition: the processes of one numprocs have the same problems. */
function onePerSource(host: Host): readonly Host['programs'][number][] {
  const first = new Map(host.programs.toReversed().map(program => [JSON.stringify(program.source), program]));
  return host.programs.filter(program => first.get(JSON.stringify(program.source)) === program);
}

/** A warning for addresses that are left out, an error for those that nobody can listen on. */
function withoutIpv6({ proxy, file }: Host['settings']): readonly Problem[] {
  return (['listen', 'tlsListen'] as const).flatMap(field =>
    proxy[field].flatMap((address, index): Problem[] => {
      if (!address.host.includes(':')) return [];
      const isLeftOut = !usableListeners(proxy[field], false).includes(address);
      const where = `[${address.host}]:${address.port}`;
      const key = field === 'listen' ? 'listen' : 'tls_listen';
      const four = `${key} = ["0.0.0.0:${address.port}"]`;
      const at = { file, key: ['proxy', key, index] };
      return isLeftOut
        ? [
            {
              severity: 'warning',
              message: `[proxy]: this machine has no IPv6: ${where} is left out, and 0.0.0.0:${address.port} serves`,
              hint: four,
              at,
            },
          ]
        : [
            {
              severity: 'error',
              message: `[proxy]: cannot listen on ${where}: this machine has no IPv6`,
              hint: four,
              at,
            },
          ];
    }),
  );
}

/** Addresses that one network card alone can reach: 127.0.0.0/8 and ::1. */
function isLoopback({ host }: Listen): boolean {
  return host.startsWith('127.') || host === '::1';
}

function checkWeb({ address }: WebSettings, { file, proxy, supervisor }: Host['settings']): Problem[] {
  const at = { file, key: ['web', 'listen'] };
  const isTaken = (other: RpcSocket | Listen) =>
    'path' in address
      ? 'path' in other && other.path === address.path
      : !('path' in other) && other.host === address.host && other.port === address.port;
  const others = [
    ...supervisor.map(listener => ['[supervisor]', listener.address] as const),
    ...(proxy.enabled ? [...proxy.listen, ...proxy.tlsListen] : []).map(one => ['[proxy]', one] as const),
  ];
  const taken = others.find(([, other]) => isTaken(other));
  if (taken !== undefined)
    return [
      {
        severity: 'error',
        message: `[web]: cannot listen there: ${taken[0]} does`,
        hint: 'another port in one of the two',
        at,
      },
    ];
  if ('path' in address || isLoopback(address)) return [];
  return [
    {
      severity: 'warning',
      message: `[web]: the password crosses the network in clear to ${address.host}`,
      hint: 'listen = "127.0.0.1:9001", and from elsewhere: ssh -L 9001:127.0.0.1:9001, or a proxy with TLS',
      at,
    },
  ];
}

function checkSettings(host: Host, machine: Machine): readonly Problem[] {
  const { control, notify, proxy, web, file } = host.settings;
  const problems: Problem[] = [];
  if (control.group !== null && machine.group(control.group) === null)
    problems.push({
      severity: 'warning',
      message: `[control]: group "${control.group}" does not exist, so only root can use hostctl`,
      hint: `groupadd --system ${control.group}`,
      at: { file, key: ['control', 'group'] },
    });
  if (notify.user !== null && machine.user(notify.user) === null)
    problems.push({
      severity: 'error',
      message: `[notify]: user "${notify.user}" does not exist`,
      hint: `useradd --system --user-group --no-create-home ${notify.user}`,
      at: { file, key: ['notify', 'user'] },
    });
  if (web !== null) problems.push(...checkWeb(web, host.settings));
  problems.push(...checkMetrics(host.settings));
  if (proxy.enabled && !machine.hasIpv6()) problems.push(...withoutIpv6(host.settings));
  const user = machine.user(proxy.user);
  const wrong =
    user === null
      ? 'does not exist'
      : user.uid === 0
        ? 'is root, and what talks to the network must not be'
        : null;
  if (proxy.enabled && wrong !== null)
    problems.push({
      severity: 'error',
      message: `[proxy]: user "${proxy.user}" ${wrong}`,
      hint:
        user === null ? `useradd --system --user-group --no-create-home ${proxy.user}` : 'user = "www-data"',
      at: { file, key: ['proxy', 'user'] },
    });
  return problems;
}
