// What each kind of program is given at its start (sockets, routes, a pipe for its word), and how it becomes RUNNING.

import { policyOf } from '../../lifecycle/policy.ts';
import type { Policy } from '../../lifecycle/process.ts';
import type { Host, Program } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { Logger } from '../own/log.ts';
import { equipProxy, type Published, proxyGroup, proxyListeners, proxyPrograms } from '../proxies/proxies.ts';
import type { Traffic } from '../proxies/traffic.ts';
import { type Equipment, userOf } from '../runs/launch.ts';
import { type Sockets, tcpKey } from '../sockets/sockets.ts';
import { arrangeReadyWord, gunicornApp } from './gunicorn.ts';
import type { Loop } from './loop.ts';
import type { Unit } from './unit.ts';

export interface EquipContext {
  readonly host: () => Host;
  readonly published: (host: Host) => Published;
  readonly sockets: Sockets;
  readonly log: Logger;
  readonly traffic: Traffic;
  /** Path of the configuration that gunicorn is started with (gunicorn.ts). */
  readonly gunicornConfiguration: string;
  /** Told before a run begins, and once gunicorn's workers have loaded the app. */
  readonly onWorkerClass: (unit: Unit, isSync: boolean) => void;
}

export function isProxy(program: Program): boolean {
  return program.group === proxyGroup;
}

/** The programs of a host, its proxy workers included. */
export function allPrograms(host: Host, published: Published): Program[] {
  return [...host.programs, ...proxyPrograms(host, published)];
}

/** A proxy worker and gunicorn say when they are ready; of a program with a health path the probe does. */
export function policyFor(program: Program, host: Host): Policy {
  const asked = program.health !== null && program.socket !== null;
  const notified = isProxy(program) || asked || gunicornApp(program, host) !== null;
  return policyOf(program, notified ? 'notified' : 'startsecs');
}

/** The sockets that hostd holds for a program (sockets.ts). */
export function socketKeys(program: Program, host: Host): string[] {
  if (isProxy(program)) return proxyListeners(host).map(({ address }) => tcpKey(address));
  return program.socket === null ? [] : [program.socket.path];
}

/** Opens what the unit's next run needs. @throws HostdError when it cannot. */
export function equip(unit: Unit, loop: Loop, context: EquipContext): Equipment {
  const { program } = unit;
  unit.waitsFor = null;
  context.onWorkerClass(unit, false);
  if (isProxy(program)) return equipWorker(unit, loop, context);
  if (program.socket === null) return { env: {}, fds: [], close: [] };
  const { uid, gid } = userOf(program);
  const owner = { uid, gid };
  const host = context.host();
  const clients = native.user(host.settings.proxy.user)?.gid ?? gid;
  const fd = context.sockets.unix(program.socket, owner, clients);
  // sd_listen_fds(3); LISTEN_PID is filled in by the launcher.
  const listen = { LISTEN_FDS: '1', LISTEN_PID: '' };
  if (gunicornApp(program, host) === null) return { env: listen, fds: [fd], close: [] };
  const { run } = unit.state;
  const isProbed = program.health !== null && !unit.successor;
  const ready = () => {
    if (!isProbed) loop.post(unit, { kind: 'ready', run });
  };
  const loaded = (isSync: boolean) => {
    if (unit.state.run === run) context.onWorkerClass(unit, isSync);
    ready();
  };
  const word = arrangeReadyWord(program, context.gunicornConfiguration, owner, unit.awaitWorkers, loaded);
  if (word === null) {
    // The next best: it has stayed up for startsecs.
    setTimeout(ready, unit.policy.startsecs);
    return { env: listen, fds: [fd], close: [] };
  }
  if (!isProbed)
    unit.waitsFor = unit.awaitWorkers === 1 ? 'a worker to load the app' : 'its workers to load the app';
  return { argv: word.argv, env: { ...listen, ...word.env }, fds: [fd, word.fd], close: [word.fd] };
}

function equipWorker(unit: Unit, loop: Loop, context: EquipContext): Equipment {
  const { host, published, sockets, log, traffic } = context;
  const { program, state } = unit;
  const teller = traffic.open(host().sites.map(site => site.name));
  return equipProxy(
    host(),
    published(host()),
    program,
    sockets,
    fact => {
      if (fact.kind === 'ready') loop.post(unit, { kind: 'ready', run: state.run });
      else if (fact.kind === 'traffic') teller.tell(fact.site, fact.counts);
      else log.debug({ program: program.name, ...fact }, 'proxy worker says');
    },
    message => log.warn({ program: program.name }, message),
    teller.end,
  );
}
