// Starts hostd-web, which serves the page in the browser, and answers what it asks: the control socket's own handlers, by the table of
// what the page may do. It has a socket of its own for that, which no other process can find. It ends with the hostd that has started it.

import { chownSync, closeSync, openSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HostdError } from '../../errors.ts';
import type { Host, WebRights, WebSettings } from '../../model/host.ts';
import { native, O_PATH } from '../../native/index.ts';
import { askerHeader, decodeAsker, type WebOrder } from '../../protocol/web.ts';
import { webRefusal } from '../callers/permissions.ts';
import { type Gate, type Handlers, serveControl } from '../control/control.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { openDocument } from '../own/nameless.ts';
import { ownPaths } from '../own/own-files.ts';
import { startOwn } from '../own-process.ts';
import { leastUser, makeOwnServer, type OpenListener, openOwnLog, type Serving } from '../own-server.ts';
import type { SocketNames } from '../sockets/names.ts';
import type { Sockets } from '../sockets/sockets.ts';

const title = 'hostd-web';
const backlog = 128;

export interface WebContext {
  readonly sockets: Sockets;
  readonly names: SocketNames;
  readonly log: Logger;
  readonly tell: Tell;
  /** What the control socket answers. */
  readonly handlers: Handlers;
}

export interface Web {
  /** Serves the page as the host says. Does nothing where it is served so already. Returns what cannot be served, and why. */
  keep(host: Host): readonly string[];
}

export function makeWeb(context: WebContext): Web {
  const { sockets, names, log, tell } = context;
  return makeOwnServer<WebSettings, Serving>({
    title,
    clients: 'the page in the browser',
    sockets,
    names,
    log,
    tell,
    wanted: ({ settings }) => (settings.web === null ? [] : [settings.web]),
    start: (host, listeners, ended) => {
      const [listener] = listeners;
      if (listener === undefined) throw new Error('there is nothing to serve');
      return start(host, listener, context, ended);
    },
    rests: false,
    tellEnd: cause => tell({ kind: 'web-restart', name: 'hostd', cause }),
  });
}

function start(
  host: Host,
  { listener, fd }: OpenListener<WebSettings>,
  { log, tell, handlers }: WebContext,
  ended: (why: string | null) => void,
): Serving {
  const { runtimeDir } = host.settings;
  const user = leastUser(host);
  const close: number[] = [];
  const [lifeRead, life] = native.pipe();
  close.push(lifeRead);
  let control: { close(): void } | null = null;
  try {
    const order: WebOrder = {
      kind: 'path' in listener.address ? 'unix' : 'tcp',
      login: listener.login,
      may: listener.may,
      serverNames: listener.serverNames,
      trustedProxies: listener.trustedProxies,
      proxyUids: proxyUids(host),
      machine: hostname(),
    };
    const document = openDocument(runtimeDir, JSON.stringify(order));
    close.push(document);
    const { found, listening } = openPrivate(ownPaths({ stateDir: '', runtimeDir }).web, user);
    close.push(found);
    control = serveControl(listening, handlers, { log, tell }, null, gateOf(listener.may));
    const stderr = openOwnLog(host, 'web.log', title, log);
    if (stderr !== null) close.push(stderr);
    const given = {
      user,
      runtimeDir,
      env: process.geteuid?.() === 0 ? ['HOSTD_CLOSE_MEMORY=1'] : [],
      fds: [document, lifeRead, found, fd],
      stderr,
    };
    const answers = control;
    return {
      process: startOwn('web', given, ended),
      close() {
        closeSync(life);
        answers.close();
      },
    };
  } catch (error) {
    control?.close();
    closeSync(life);
    throw error;
  } finally {
    for (const fd of close) closeSync(fd);
  }
}

/** Whose processes may be a proxy of this machine: root's, those of [proxy] user, and those of hostd's own user. */
function proxyUids({ settings }: Host): readonly number[] {
  const user = native.user(settings.proxy.user);
  return [...new Set([0, process.geteuid?.() ?? 0, ...(user === null ? [] : [user.uid])])];
}

/**
 * A listening unix socket without a name, and its file (O_PATH), by which whoever holds that descriptor can connect to it. Before its
 * name is gone, only root may enter the directory.
 */
function openPrivate(
  directory: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): { readonly listening: number; readonly found: number } {
  const path = join(directory, 'control');
  rmSync(path, { force: true });
  const [ownUid = 0, ownGid = 0] = [process.geteuid?.(), process.getegid?.()];
  const listening = native.listenUnix(path, ownUid, ownGid, 0o600, backlog);
  try {
    if (ownUid === 0) chownSync(path, uid, gid);
    return { listening, found: openSync(path, O_PATH) };
  } catch (error) {
    closeSync(listening);
    throw error;
  } finally {
    rmSync(path, { force: true });
  }
}

function gateOf(may: WebRights): Gate {
  return {
    assertMay(_caller, act) {
      const why = webRefusal(may, act);
      if (why !== null) throw new HostdError('permission', why, { hint: 'hostctl, or sudo hostctl' });
    },
    userOf: (_caller, request) => `${decodeAsker(request.headers[askerHeader])} (web)`,
  };
}
