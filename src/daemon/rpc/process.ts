// Starts hostd-rpc with the sockets of Supervisor's clients and its channel to root, once one of them has connected. It ends with the
// hostd that has started it, or when nobody has come for long.

import { closeSync } from 'node:fs';
import type { RpcListener } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { RpcSettings } from '../../protocol/rpc.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { openDocument } from '../own/nameless.ts';
import { startOwn } from '../own-process.ts';
import {
  leastUser,
  makeOwnServer,
  type OwnServer,
  type OwnServerContext,
  openOwnLog,
  type Serving,
} from '../own-server.ts';
import type { SocketNames } from '../sockets/names.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { type About, type Answers, type Channel, openChannel, type Say } from './channel.ts';

const firstListenerFd = 6;
const title = 'hostd-rpc';

export interface RpcContext {
  readonly sockets: Sockets;
  readonly names: SocketNames;
  readonly log: Logger;
  readonly tell: Tell;
  readonly answers: Answers;
  readonly about: () => About;
  /** Absent: nobody hears it. */
  readonly say?: Say;
}

export interface Rpc extends Pick<OwnServer<unknown>, 'keep'> {
  /** The facts about hostd have changed. */
  tell(): void;
}

interface ServingRpc extends Serving {
  readonly channel: Channel;
}

export function makeRpc(context: RpcContext): Rpc {
  const { sockets, names, log, tell, about } = context;
  const server = makeOwnServer<RpcListener, ServingRpc>({
    title,
    clients: "Supervisor's clients",
    sockets,
    names,
    log,
    tell,
    wanted: host => host.settings.supervisor,
    start: (...given) => start(context, ...given),
    rests: true,
    tellEnd: cause => tell({ kind: 'rpc-restart', name: 'hostd', cause }),
  });
  return { keep: server.keep, tell: () => server.running()?.channel.tell(about()) };
}

function start(
  { log, about, answers, say = () => {} }: RpcContext,
  ...[host, listeners, ended]: Parameters<OwnServerContext<RpcListener, ServingRpc>['start']>
): ServingRpc {
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
    const document = openDocument(host.settings.runtimeDir, JSON.stringify(settings));
    close.push(document);
    const stderr = openOwnLog(host, 'rpc.log', title, log);
    if (stderr !== null) close.push(stderr);
    const timeZone = process.env['TZ'];
    const given = {
      user: leastUser(host),
      runtimeDir: host.settings.runtimeDir,
      env: [
        ...(process.geteuid?.() === 0 ? ['HOSTD_CLOSE_MEMORY=1'] : []),
        ...(timeZone === undefined ? [] : [`TZ=${timeZone}`]),
      ],
      fds: [document, asksWrite, repliesRead, ...listeners.map(({ fd }) => fd)],
      stderr,
    };
    const child = startOwn('rpc', given, ended);
    const channel = openChannel(asksRead, repliesWrite, about(), answers, say, () => {
      log.error('hostd-rpc says what it may not: it is ended');
      child.kill();
    });
    return { process: child, channel, close: channel.close };
  } catch (error) {
    closeSync(asksRead);
    closeSync(repliesWrite);
    throw error;
  } finally {
    for (const fd of close) closeSync(fd);
  }
}
