// Keeps one of hostd's own other programs that serve clients on sockets of root's: hostd-rpc, hostd-web. Its listeners outlive it. It
// is started when there is something to serve or, if it may rest, when a client has come. It is started again when it ends, and anew
// when the configuration changes what it serves.

import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { openForAppending } from '../linux/paths.ts';
import { same } from '../model/changes.ts';
import type { Host, Listen, RpcSocket } from '../model/host.ts';
import { native, type Watch } from '../native/index.ts';
import type { Tell } from './events/bus.ts';
import type { Logger } from './own/log.ts';
import type { OwnProcess } from './own-process.ts';
import { userOf } from './runs/launch.ts';
import type { SocketNames } from './sockets/names.ts';
import { controlRights, listenOwn } from './sockets/own-socket.ts';
import { type Sockets, tcpKey } from './sockets/sockets.ts';

/** Milliseconds until it is started again: at first, at most, and how long it must run for the next delay to be the first. */
const delay = { first: 100, most: 30_000, forgotten: 10_000 };

/** Where clients connect, and what the program is to know of it. */
export interface Served {
  readonly address: RpcSocket | Listen;
}

export interface OpenListener<S extends Served> {
  readonly listener: S;
  readonly fd: number;
}

/** The program while it runs. */
export interface Serving {
  readonly process: OwnProcess;
  /** Closes root's end of what the two say to each other. */
  close(): void;
}

export interface OwnServerContext<S extends Served, R extends Serving> {
  /** "hostd-rpc". */
  readonly title: string;
  /** Whom it serves: "Supervisor's clients". */
  readonly clients: string;
  readonly sockets: Sockets;
  readonly names: SocketNames;
  readonly log: Logger;
  readonly tell: Tell;
  /** What is to be served. */
  readonly wanted: (host: Host) => readonly S[];
  /** `ended` is called once: null, or what was wrong with the end. @throws when it cannot be started. */
  readonly start: (
    host: Host,
    listeners: readonly OpenListener<S>[],
    ended: (why: string | null) => void,
  ) => R;
  /**
   * It may rest: it is started by the first client, and ends by itself, with code 0, when nobody has come for long. Clients that come
   * meanwhile wait in the listeners.
   */
  readonly rests: boolean;
  /** It has ended by itself, and not to rest. */
  readonly tellEnd: (cause: string) => void;
}

export interface OwnServer<R> {
  /** Serves what the host says. Does nothing where that is served already. Returns what of it cannot be served, and why. */
  keep(host: Host): readonly string[];
  /** null: it does not run at this moment, or rests. */
  running(): R | null;
}

export function makeOwnServer<S extends Served, R extends Serving>(
  context: OwnServerContext<S, R>,
): OwnServer<R> {
  const { title, clients, log, sockets, names, tell, rests } = context;
  let served: readonly S[] = [];
  let host: Host | null = null;
  let current: R | null = null;
  let watches: readonly Watch[] = [];
  let again: NodeJS.Timeout | undefined;
  let wait = delay.first;
  /** What cannot be served of the last try. It is told once, and tried again. */
  let troubles: readonly string[] = [];

  const stop = () => {
    clearTimeout(again);
    ignoreClients();
    const running = current;
    current = null;
    running?.close();
    running?.process.kill();
  };
  const ignoreClients = () => {
    for (const watch of watches) native.unwatch(watch);
    watches = [];
  };
  const begin = (on: Host) => {
    const failed: string[] = [];
    const listeners = served.flatMap(listener => openListener(listener, on, context, failed));
    tellTroubles(failed);
    if (listeners.length === 0) {
      // The address may be another program's, or none of this machine's, for a moment: at boot, say.
      if (served.length > 0) restart(0);
      return;
    }
    if (!rests) return start(on, listeners);
    watches = listeners.map(({ fd }) =>
      native.watch(fd, () => {
        ignoreClients();
        start(on, listeners);
      }),
    );
  };
  const start = (on: Host, listeners: readonly OpenListener<S>[]) => {
    const begun = performance.now();
    try {
      const started: R = context.start(on, listeners, why => {
        if (current !== started) return;
        current.close();
        current = null;
        if (rests && why === null) {
          log.info(`${title} rests until a client comes`);
          begin(on);
          return;
        }
        context.tellEnd(why ?? 'it has ended');
        log.warn(
          `${title} has ended${why === null ? '' : `: ${why}`}; it is started again${rests ? ' with the next client' : ''}`,
        );
        restart(performance.now() - begun);
      });
      current = started;
      log.info({ pid: started.process.pid }, `spawned: '${title}' with pid ${started.process.pid}`);
    } catch (error) {
      log.error({ err: error }, `cannot serve ${clients}: ${messageOf(error)}`);
      restart(0);
    }
  };
  const tellTroubles = (failed: readonly string[]) => {
    const before = troubles;
    troubles = failed;
    if (same(before, failed)) return;
    for (const cause of failed) {
      log.error(cause);
      tell({ kind: 'not-served', name: 'hostd', cause });
    }
    if (failed.length === 0)
      tell({ kind: 'served', name: 'hostd', cause: `${title} is there for ${clients}` });
  };
  const restart = (lived: number) => {
    wait = lived > delay.forgotten ? delay.first : Math.min(wait * 2, delay.most);
    again = setTimeout(() => {
      if (host !== null) begin(host);
    }, wait);
  };

  process.on('exit', () => {
    // The program ends by itself, once it has passed on root's last words.
    for (const { address } of served) if ('path' in address) names.remove(address.path);
  });
  return {
    keep(next) {
      const wanted = context.wanted(next);
      const isServed = wanted.length === 0 || current !== null || watches.length > 0;
      const isSame = same(wanted, served) && isServed;
      host = next;
      if (isSame) return [];
      stop();
      for (const { address } of served)
        if (!wanted.some(other => same(other.address, address))) sockets.release(keyOf(address));
      served = wanted;
      wait = delay.first;
      begin(next);
      return troubles;
    },
    running: () => current,
  };
}

function keyOf(address: Served['address']): string {
  return 'path' in address ? address.path : tcpKey(address);
}

/** Empty: this listener cannot be opened, and `failed` says why. The others are served. */
function openListener<S extends Served>(
  listener: S,
  host: Host,
  { sockets, names, clients }: Pick<OwnServerContext<S, Serving>, 'sockets' | 'names' | 'clients'>,
  failed: string[],
): OpenListener<S>[] {
  const { address } = listener;
  try {
    if (!('path' in address)) return [{ listener, fd: sockets.tcp(address) }];
    const { path } = address;
    const rights = address.rights ?? controlRights(host.settings.control);
    const known = sockets.held().get(path);
    // hostd may have held this socket before it was upgraded in place.
    if (known !== undefined) names.keepFound(path, null, rights);
    if (known !== undefined && names.restore(path)) return [{ listener, fd: known }];
    if (known !== undefined) sockets.release(path);
    const fd = listenOwn(path, rights, true);
    sockets.keep(path, fd);
    names.keepFound(path, null, rights);
    return [{ listener, fd }];
  } catch (error) {
    failed.push(`cannot serve ${clients}: ${messageOf(error)}`);
    return [];
  }
}

/** The user with the least rights: the proxy's user, or nobody. */
export function leastUser({ settings }: Host): ReturnType<typeof userOf> {
  if (process.geteuid?.() !== 0) return userOf({ user: null });
  return userOf({ user: settings.proxy.enabled ? settings.proxy.user : 'nobody' });
}

/** The log for the program's stderr, below log_dir; null: its stderr goes nowhere. The caller closes it. */
export function openOwnLog({ settings }: Host, file: string, title: string, log: Logger): number | null {
  const path = join(settings.logDir, file);
  try {
    const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
    return openForAppending(path, owner);
  } catch (error) {
    log.warn(`no log of ${title}: ${messageOf(error)}`);
    return null;
  }
}
