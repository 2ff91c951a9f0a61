// What each kind of program is given at its start (sockets, routes, a pipe for its word), and how it becomes RUNNING.

import { policyOf } from '../../lifecycle/policy.ts';
import type { Rules } from '../../lifecycle/service.ts';
import type { Host, Program } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { Logger } from '../own/log.ts';
import { equipProxy, type Published, proxyGroup, proxyListeners, proxyPrograms } from '../proxies/proxies.ts';
import type { Traffic } from '../proxies/traffic.ts';
import { historyOf } from '../proxies/worker-history.ts';
import { type Equipment, userOf } from '../runs/launch.ts';
import { type SocketRights, type Sockets, tcpKey } from '../sockets/sockets.ts';
import { arrangeReadyWord, gunicornApp } from './gunicorn.ts';
import type { Made, Unit } from './unit.ts';

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

/** Milliseconds that an old worker may go on for the sake of tunnels and answers that don't end, such as server-sent events. */
const longestLinger = 86_400_000;
/** Milliseconds that new proxy workers may take to be ready. */
const longestProxyStart = 10_000;
/** Milliseconds that a new gunicorn may take to load the app in all its workers. */
const longestAppStart = 120_000;

/** Milliseconds between two tries to start a proxy worker, at most: all sites wait for it. */
const longestProxyDelay = 800;

/** What a generation of the program is made from. */
export function madeFrom(program: Program, host: Host): Made {
  return { program, rules: rulesFor(program, host), sockets: socketKeys(program, host) };
}

/** A proxy worker and gunicorn say when they are ready; of a program with a health path the probe does. */
function rulesFor(program: Program, host: Host): Rules {
  const says = isProxy(program) || gunicornApp(program, host) !== null;
  const isAsked = program.health !== null && program.socket !== null;
  const policy = policyOf(program, says || isAsked ? 'notified' : 'startsecs');
  const current = isProxy(program) ? { ...policy, longestDelay: longestProxyDelay } : policy;
  // Over a socket that two generations share, nobody knows who answers the probe.
  const next = policyOf(program, says ? 'notified' : 'startsecs');
  const patient = isProxy(program);
  return {
    current,
    next: { ...next, autorestart: 'never', startretries: 0 },
    // An old worker finishes what it has, however long that takes.
    old: patient ? { ...current, stopsignal: 'SIGQUIT', stopwait: longestLinger } : current,
    patient,
    longestHandOver: patient ? longestProxyStart : longestAppStart,
  };
}

/** The sockets that hostd holds for a program (sockets.ts). */
function socketKeys(program: Program, host: Host): string[] {
  if (isProxy(program)) return proxyListeners(host).map(({ address }) => tcpKey(address));
  return program.socket === null ? [] : [program.socket.path];
}

/** Whose directories a program's socket is in, and which group may connect: the proxy's. @throws HostdError for a user that is none. */
export function socketRights(program: Program, host: Host): SocketRights {
  const { uid, gid } = userOf(program);
  return { owner: { uid, gid }, clients: native.user(host.settings.proxy.user)?.gid ?? gid };
}

/**
 * Opens what the unit's next run needs. `onReady` is called when the run has said that it is.
 * @throws HostdError when it cannot.
 */
export function equip(unit: Unit, onReady: () => void, context: EquipContext): Equipment {
  const { program } = unit;
  unit.waitsFor = null;
  context.onWorkerClass(unit, false);
  if (isProxy(program)) return equipWorker(unit, onReady, context);
  if (program.socket === null) return { env: {}, fds: [], close: [] };
  const host = context.host();
  const { owner, clients } = socketRights(program, host);
  const fd = context.sockets.unix(program.socket, owner, clients);
  // sd_listen_fds(3); LISTEN_PID is filled in by the launcher.
  const listen = { LISTEN_FDS: '1', LISTEN_PID: '' };
  const app = gunicornApp(program, host);
  if (app === null) return { env: listen, fds: [fd], close: [] };
  const { run } = unit.state;
  const isProbed = program.health !== null && !unit.isNext;
  // One that is to take over does so with all its workers; any other is RUNNING with the first.
  const all = unit.isNext;
  const ready = () => {
    if (!isProbed) onReady();
  };
  const loaded = (isSync: boolean) => {
    if (unit.state.run === run) context.onWorkerClass(unit, isSync);
    ready();
  };
  const word = arrangeReadyWord(program, app, context.gunicornConfiguration, owner, all, loaded);
  if (word === null) {
    // The next best: it has stayed up for startsecs.
    setTimeout(ready, unit.policy.startsecs);
    return { env: listen, fds: [fd], close: [] };
  }
  if (!isProbed) unit.waitsFor = all ? 'its workers to load the app' : 'a worker to load the app';
  return { argv: word.argv, env: { ...listen, ...word.env }, fds: [fd, word.fd], close: [word.fd] };
}

function equipWorker(unit: Unit, onReady: () => void, context: EquipContext): Equipment {
  const { host, published, sockets, log, traffic } = context;
  const { program, state } = unit;
  const teller = traffic.open(host().sites.map(site => site.name));
  const history = historyOf(unit);
  const isAgain = state.kind === 'starting' && state.tries > 0;
  if (!isAgain) history.forget();
  else
    for (const message of history.died(unit.lastExit, Date.now()))
      log.error({ program: program.name }, `${program.name} ${message}`);
  return equipProxy(host(), program, {
    published: published(host()),
    sockets,
    history,
    onFact: fact => {
      if (fact.kind === 'ready') onReady();
      else if (fact.kind === 'traffic') teller.tell(fact.site, fact.counts);
      else log.debug({ program: program.name, ...fact }, 'proxy worker says');
    },
    onEnd: teller.end,
    warn: message => log.warn({ program: program.name }, message),
  });
}
