// How the kinds of programs differ: how a program becomes RUNNING, how it hands over, and what it gets at its start
// (sockets, routes, a pipe for its word).

import { policyOf } from '../../lifecycle/policy.ts';
import type { Rules } from '../../lifecycle/service.ts';
import { aboutOf } from '../../model/about.ts';
import type { Host, Kind, Program } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import { equipProxy, type Published, proxyListeners, proxyPrograms } from '../proxies/proxies.ts';
import { historyOf } from '../proxies/worker-history.ts';
import { type Equipment, userOf } from '../runs/launch.ts';
import { type SocketRights, type Sockets, tcpKey } from '../sockets/sockets.ts';
import { beliefOf } from './belief.ts';
import { arrangeReadyWord, gunicornApp } from './gunicorn.ts';
import { longestTrial } from './trial.ts';
import type { Made, Unit } from './unit.ts';
import { type FactsContext, hearingOf } from './worker-facts.ts';

export interface EquipContext extends FactsContext {
  readonly host: () => Host;
  readonly published: (host: Host) => Published;
  readonly sockets: Sockets;
  /** Path of the configuration that gunicorn is started with (gunicorn.ts). */
  readonly gunicornConfiguration: string;
  /** Called before a run begins, and when gunicorn's workers have said their class. */
  readonly onWorkerClass: (unit: Unit, isSync: boolean) => void;
}

/** The programs of a host, its proxy workers included. */
export function allPrograms(host: Host, published: Published): Program[] {
  return [...host.programs, ...proxyPrograms(host, published)];
}

/** Milliseconds for which an old worker may go on with tunnels and answers that don't end, such as server-sent events. */
const longestLinger = 86_400_000;
/** Milliseconds that new proxy workers may take to be ready. */
const longestProxyStart = 10_000;
/** Milliseconds that a new generation may take for its trial, and then to load the app in all its workers. */
const longestAppStart = 2 * longestTrial;

/** Milliseconds that a command waits for a program to leave STARTING, such as one whose health path does not answer. */
export const longestStart = 60_000;

/** Milliseconds between two tries to start a proxy worker, at most: all sites wait for it. */
const longestProxyDelay = 800;

interface KindRules {
  /** The program says itself that it is ready. For any other program with a health path, the probe finds out. */
  readonly says: boolean;
  /** An old generation finishes what it has, however long that takes. */
  readonly patient: boolean;
  /** Milliseconds that a new generation may take to be ready. */
  readonly longestHandOver: number;
  /** Milliseconds between two tries to start it, at most; absent: the usual bound. */
  readonly longestDelay?: number;
  /** Keys of the sockets that hostd holds for the program (sockets.ts). */
  sockets(program: Program, host: Host): readonly string[];
  /** Opens what the unit's next run needs. @throws HostdError when it cannot. */
  equip(unit: Unit, onReady: () => void, context: EquipContext): Equipment;
}

const server = {
  says: false,
  patient: false,
  longestHandOver: longestAppStart,
  sockets: ({ socket }: Program) => (socket === null ? [] : [socket.path]),
  equip: equipServer,
};

const kinds: Readonly<Record<Kind, KindRules>> = {
  gunicorn: { ...server, says: true, equip: equipGunicorn },
  app: server,
  command: server,
  listener: { ...server, sockets: () => [], equip: equipListener },
  proxy: {
    says: true,
    patient: true,
    longestHandOver: longestProxyStart,
    longestDelay: longestProxyDelay,
    sockets: (_, host) => proxyListeners(host).map(({ address }) => tcpKey(address)),
    equip: equipWorker,
  },
};

/** What a generation of the program is made from. */
export function madeFrom(program: Program, host: Host): Made {
  return { program, rules: rulesFor(program), sockets: kinds[program.kind].sockets(program, host) };
}

function rulesFor(program: Program): Rules {
  const { says, patient, longestHandOver, longestDelay } = kinds[program.kind];
  const isProbed = program.health !== null && program.socket !== null;
  const policy = policyOf(program, says || isProbed ? 'notified' : 'startsecs');
  const current = longestDelay === undefined ? policy : { ...policy, longestDelay };
  // Two generations share the socket, so a probe would not know which one answers.
  const next = policyOf(program, says ? 'notified' : 'startsecs');
  return {
    current,
    next: { ...next, autorestart: 'never', startretries: 0 },
    old: patient ? { ...current, stopsignal: 'SIGQUIT', stopwait: longestLinger } : current,
    patient,
    scheduled: program.schedule !== null,
    // It has been given another socket before (fall-asleep.ts).
    overlaps: program.socket !== null,
    longestHandOver,
    longestStart,
  };
}

/** Whose directories a program's socket is in, and that the proxy's group may connect. @throws HostdError for an unknown user. */
export function socketRights(program: Program, host: Host): SocketRights {
  const { uid, gid } = userOf(program);
  return { owner: { uid, gid }, clients: native.user(host.settings.proxy.user)?.gid ?? gid };
}

/**
 * Opens what the unit's next run needs. `onReady` is called when the run says that it is ready.
 * @throws HostdError when something cannot be opened.
 */
export function equip(unit: Unit, onReady: () => void, context: EquipContext): Equipment {
  unit.waitsFor = null;
  context.onWorkerClass(unit, false);
  return kinds[unit.program.kind].equip(unit, onReady, context);
}

/** The program's socket, if it has one. */
function equipServer({ program }: Unit, _onReady: () => void, context: EquipContext): Equipment {
  if (program.socket === null) return { env: {}, fds: [], close: [] };
  const { owner, clients } = socketRights(program, context.host());
  const fd = context.sockets.unix(program.socket, owner, clients);
  // sd_listen_fds(3). The launcher fills in LISTEN_PID.
  return {
    env: {
      LISTEN_FDS: '1',
      LISTEN_PID: '',
      LISTEN_FDNAMES: program.name,
      ...beliefOf(program, context.host()),
    },
    fds: [fd],
    close: [],
  };
}

/** The variables that Supervisor sets, since an event listener may be made for Supervisor. */
function equipListener({ program }: Unit, _onReady: () => void, { host }: EquipContext): Equipment {
  const { process: name, group } = aboutOf(program);
  const url = serverUrl(host().settings.supervisor);
  const env = {
    SUPERVISOR_ENABLED: '1',
    SUPERVISOR_PROCESS_NAME: name,
    SUPERVISOR_GROUP_NAME: group,
    ...(url === null ? {} : { SUPERVISOR_SERVER_URL: url }),
  };
  return { env, fds: [], close: [] };
}

/** Where a program finds Supervisor's RPC: at a unix socket, if there is one. */
function serverUrl(listeners: Host['settings']['supervisor']): string | null {
  const addresses = listeners.map(({ address }) => address);
  const unix = addresses.find(address => 'path' in address);
  if (unix !== undefined) return `unix://${unix.path}`;
  const tcp = addresses.find(address => 'port' in address);
  if (tcp === undefined) return null;
  return `http://${tcp.host.includes(':') ? `[${tcp.host}]` : tcp.host}:${tcp.port}`;
}

/** The app's socket, and a pipe for its workers' words. */
function equipGunicorn(unit: Unit, onReady: () => void, context: EquipContext): Equipment {
  const { program } = unit;
  const equipment = equipServer(unit, onReady, context);
  const app = gunicornApp(program, context.host());
  const { run } = unit.state;
  const isProbed = program.health !== null && !unit.isNext;
  // A generation that takes over does so with all its workers. Any other is RUNNING with its first worker.
  const all = unit.isNext;
  const ready = () => {
    if (!isProbed) onReady();
  };
  const loaded = (isSync: boolean) => {
    if (unit.state.run === run) context.onWorkerClass(unit, isSync);
    ready();
  };
  const { uid, gid } = userOf(program);
  const owner = { uid, gid };
  const word =
    app === null ? null : arrangeReadyWord(program, app, context.gunicornConfiguration, owner, all, loaded);
  if (word === null) {
    // No pipe: the next best sign is that it has stayed up for startsecs.
    setLongTimeout(ready, unit.policy.startsecs);
    return equipment;
  }
  if (!isProbed) unit.waitsFor = all ? 'its workers to load the app' : 'a worker to load the app';
  const { env, fds } = equipment;
  return { argv: word.argv, env: { ...env, ...word.env }, fds: [...fds, word.fd], close: [word.fd] };
}

function equipWorker(unit: Unit, onReady: () => void, context: EquipContext): Equipment {
  const { host, published, sockets, log, tell } = context;
  const { program, state } = unit;
  const history = historyOf(unit);
  const isAgain = state.kind === 'starting' && state.tries > 0;
  if (isAgain) {
    const [why = '', leftOut] = history.died(unit.lastExit, performance.now());
    for (const message of leftOut === undefined ? [why] : [why, leftOut])
      log.error({ program: program.name }, `${program.name} ${message}`);
    tell({ kind: 'proxy-restart', name: program.name, cause: why });
    if (leftOut !== undefined) tell({ kind: 'site-left-out', name: program.name, cause: leftOut });
  } else history.forget();
  return equipProxy(host(), program, {
    ...hearingOf(unit, context, onReady),
    published: published(host()),
    sockets,
    run: state.run,
  });
}
