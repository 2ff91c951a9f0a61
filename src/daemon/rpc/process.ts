// Keeps hostd-rpc running. Its listeners are root's and outlive it. It is started when Supervisor's clients are to be served, started
// again when it ends, and started anew when the configuration changes what it serves. It ends with the hostd that has started it.

import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { openForAppending } from '../../linux/paths.ts';
import { same } from '../../model/changes.ts';
import type { Host, RpcListener } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { RpcSettings } from '../../protocol/rpc.ts';
import { controlRights } from '../control/control.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { openDocument } from '../own/nameless.ts';
import { type OwnProcess, startOwn } from '../own-process.ts';
import { userOf } from '../runs/launch.ts';
import type { SocketNames } from '../sockets/names.ts';
import { listenOwn } from '../sockets/own-socket.ts';
import { type Sockets, tcpKey } from '../sockets/sockets.ts';
import { type About, type Answers, type Channel, openChannel } from './channel.ts';

/** Milliseconds until it is started again: at first, at most, and how long it must run for the next delay to be the first. */
const delay = { first: 100, most: 30_000, forgotten: 10_000 };

const firstListenerFd = 6;

export interface RpcContext {
  readonly sockets: Sockets;
  readonly names: SocketNames;
  readonly log: Logger;
  readonly tell: Tell;
  readonly answers: Answers;
  readonly about: () => About;
}

export interface Rpc {
  /** Serves what the host says. Does nothing where that is served already. */
  keep(host: Host): void;
  /** The facts about hostd have changed. */
  tell(): void;
}

export function makeRpc(context: RpcContext): Rpc {
  const { log, tell, answers, about } = context;
  let served: readonly RpcListener[] = [];
  let host: Host | null = null;
  let current: { readonly process: OwnProcess; readonly channel: Channel } | null = null;
  let again: NodeJS.Timeout | undefined;
  let wait = delay.first;

  const stop = () => {
    clearTimeout(again);
    const running = current;
    current = null;
    running?.channel.close();
    running?.process.kill();
  };
  const start = (on: Host) => {
    const listeners = served.flatMap(listener => openListener(listener, on, context));
    if (listeners.length === 0) return;
    try {
      current = spawn(on, listeners);
    } catch (error) {
      log.error({ err: error }, `cannot serve Supervisor's clients: ${messageOf(error)}`);
      restart(0);
    }
  };
  const restart = (lived: number) => {
    wait = lived > delay.forgotten ? delay.first : Math.min(wait * 2, delay.most);
    again = setTimeout(() => {
      if (host !== null) start(host);
    }, wait);
  };
  const spawn = (on: Host, listeners: readonly OpenListener[]) => {
    const [asksRead, asksWrite] = native.pipe();
    const [repliesRead, repliesWrite] = native.pipe();
    const close = [asksWrite, repliesRead];
    try {
      const settings: RpcSettings = {
        servers: listeners.map(({ listener: { name, address, login } }, index) => ({
          fd: firstListenerFd + index,
          kind: 'path' in address ? 'unix' : 'tcp',
          name,
          login,
        })),
      };
      const document = openDocument(on.settings.runtimeDir, JSON.stringify(settings));
      close.push(document);
      const stderr = openOwnLog(on, log);
      if (stderr !== null) close.push(stderr);
      const begun = performance.now();
      const timeZone = process.env['TZ'];
      const given = {
        user: rpcUser(on),
        runtimeDir: on.settings.runtimeDir,
        env: [
          ...(process.geteuid?.() === 0 ? ['HOSTD_CLOSE_MEMORY=1'] : []),
          ...(timeZone === undefined ? [] : [`TZ=${timeZone}`]),
        ],
        fds: [document, asksWrite, repliesRead, ...listeners.map(({ fd }) => fd)],
        stderr,
      };
      const child = startOwn('rpc', given, why => {
        if (current?.process !== child) return;
        current.channel.close();
        current = null;
        tell({ kind: 'rpc-restart', name: 'hostd', cause: why ?? 'it has ended' });
        log.warn(`hostd-rpc has ended${why === null ? '' : `: ${why}`}; it is started again`);
        restart(performance.now() - begun);
      });
      log.info({ pid: child.pid }, `spawned: 'hostd-rpc' with pid ${child.pid}`);
      const channel = openChannel(asksRead, repliesWrite, about(), answers, () => {
        log.error('hostd-rpc says what it may not: it is ended');
        child.kill();
      });
      return { process: child, channel };
    } catch (error) {
      closeSync(asksRead);
      closeSync(repliesWrite);
      throw error;
    } finally {
      for (const fd of close) closeSync(fd);
    }
  };

  process.on('exit', () => {
    // hostd-rpc ends by itself, once it has passed on root's last words.
    for (const { address } of served) if ('path' in address) context.names.remove(address.path);
  });
  return {
    keep(next) {
      const wanted = next.settings.supervisor;
      const isSame = same(wanted, served) && (wanted.length === 0 || current !== null);
      host = next;
      if (isSame) return;
      stop();
      for (const { address } of served)
        if (!wanted.some(other => same(other.address, address))) context.sockets.release(keyOf(address));
      served = wanted;
      wait = delay.first;
      start(next);
    },
    tell: () => current?.channel.tell(about()),
  };
}

interface OpenListener {
  readonly listener: RpcListener;
  readonly fd: number;
}

function keyOf(address: RpcListener['address']): string {
  return 'path' in address ? address.path : tcpKey(address);
}

/** null: this listener cannot be opened. The others are served. */
function openListener(
  listener: RpcListener,
  host: Host,
  { sockets, names, log }: RpcContext,
): OpenListener[] {
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
    log.error({ err: error }, `cannot serve Supervisor's clients: ${messageOf(error)}`);
    return [];
  }
}

/** The user with the least rights: the proxy's user, or nobody. */
function rpcUser({ settings }: Host): ReturnType<typeof userOf> {
  if (process.geteuid?.() !== 0) return userOf({ user: null });
  return userOf({ user: settings.proxy.enabled ? settings.proxy.user : 'nobody' });
}

/** null: hostd-rpc's stderr goes nowhere. */
function openOwnLog({ settings }: Host, log: Logger): number | null {
  const path = join(settings.logDir, 'rpc.log');
  try {
    const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
    return openForAppending(path, owner);
  } catch (error) {
    log.warn(`no log of hostd-rpc: ${messageOf(error)}`);
    return null;
  }
}
