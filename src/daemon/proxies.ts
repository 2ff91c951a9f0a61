// The proxy workers as supervised programs: what they are, and what each of their runs is given (listeners, routes,
// access logs, a pipe for their facts). What they say is counted and logged; it never makes hostd do anything.

import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { logFile } from '../model/app.ts';
import type { Host, Program } from '../model/host.ts';
import { native } from '../native/index.ts';
import { decodeFact, type Fact, factLimit, type RoutedSite, type Routes } from '../protocol/worker.ts';
import { sha256 } from './digest.ts';
import { type Equipment, userOf } from './launch.ts';
import { readLines } from './lines.ts';
import { ownProgram } from './own-code.ts';
import { openForAppending } from './paths.ts';
import type { Sockets } from './sockets.ts';

export const proxyGroup = 'hostd-proxy';

const firstRoutesFd = 3;
const factsFd = 4;
const firstListenerFd = 5;

/** The programs that [proxy] asks for: "hostd-proxy", or "hostd-proxy:0" and so on. */
export function proxyPrograms({ settings, sites }: Host): Program[] {
  const { enabled, workers, user, listen } = settings.proxy;
  // What a worker serves is part of what it is: other sites are a changed program.
  const routes = sha256(JSON.stringify({ listen, sites, code: codeDigest() }));
  if (!enabled) return [];
  const log = logFile(join(settings.logDir, 'proxy.log'));
  return Array.from({ length: workers }, (_, number) => ({
    name: workers === 1 ? proxyGroup : `${proxyGroup}:${number}`,
    group: proxyGroup,
    groupPriority: Number.MAX_SAFE_INTEGER,
    app: null,
    source: { file: settings.file, key: ['proxy'] },
    instance: null,
    command: ['hostd-proxy'],
    directory: '/',
    environment: { HOSTD_ROUTES_SHA256: routes },
    user,
    unixGroup: null,
    umask: 0o027,
    limits: {},
    requires: [],
    noNewPrivileges: true,
    priority: 999,
    autostart: true,
    autorestart: 'always',
    startsecs: 1,
    startretries: null,
    exitcodes: [0],
    stopsignal: 'SIGTERM',
    stopwaitsecs: 40,
    stopasgroup: false,
    killasgroup: false,
    stdout: log,
    stderr: null,
    socket: null,
    health: null,
  }));
}

let knownDigest: string | undefined;

/** Of the worker's code as it was when hostd started, so that an upgrade renews the workers. */
function codeDigest(): string {
  if (knownDigest !== undefined) return knownDigest;
  const directory = join(import.meta.dirname, '..', 'proxy');
  const files = readdirSync(directory).filter(file => /\.[jt]s$/.test(file));
  knownDigest = sha256(
    files
      .sort()
      .map(file => readFileSync(join(directory, file), 'utf8'))
      .join('\0'),
  );
  return knownDigest;
}

/** What one run of a worker needs. `onFact` hears it; `warn` is told about access logs that cannot be opened. */
export function equipProxy(
  host: Host,
  program: Program,
  sockets: Sockets,
  onFact: (fact: Fact) => void,
  warn: (message: string) => void,
): Equipment {
  const user = userOf(program);
  const { settings, sites } = host;
  const { listen } = settings.proxy;
  const close: number[] = [];
  const closing = (fd: number) => {
    close.push(fd);
    return fd;
  };
  try {
    const listeners = listen.map(address => sockets.tcp(address));
    const owners = new Map(host.programs.filter(p => p.app !== null).map(p => [p.app, p]));
    const logs: number[] = [];
    const routed = sites.map((site): RoutedSite => {
      const app = owners.get(site.name);
      const passOn = (path: string): number | null => {
        const fd = app === undefined ? null : openSiteLog(path, app, warn);
        if (fd === null) return null;
        logs.push(closing(fd));
        return firstListenerFd + listeners.length + logs.length - 1;
      };
      return { ...site, accessLogFd: passOn(site.accessLog), errorLogFd: passOn(site.errorLog) };
    });
    const routes: Routes = {
      listeners: listen.map((address, index) => ({ ...address, fd: firstListenerFd + index })),
      sites: routed,
    };
    const routesFd = closing(openRoutes(settings.runtimeDir, routes));
    const { argv, binary } = ownProgram('proxy', proxyGroup, user, settings.runtimeDir);
    closing(binary);
    const [read, write] = native.pipe();
    closing(write);
    readLines(read, factLimit, line => {
      const fact = decodeFact(line);
      if (fact !== null) onFact(fact);
      return fact !== null;
    });
    const env = { HOSTD_ROUTES_FD: `${firstRoutesFd}`, HOSTD_FACTS_FD: `${factsFd}` };
    return { argv, env, fds: [routesFd, write, ...listeners, ...logs], binary, close };
  } catch (error) {
    for (const fd of close) closeSync(fd);
    throw error;
  }
}

function openSiteLog(path: string, app: Program, warn: (message: string) => void): number | null {
  try {
    const { uid, gid } = userOf(app);
    return openForAppending(path, { uid, gid });
  } catch (error) {
    warn(`no log for the site of "${app.app}": ${messageOf(error)}`);
    return null;
  }
}

/** A file that has no name any more by the time anybody could look for it. */
function openRoutes(directory: string, routes: Routes): number {
  const path = join(directory, `routes.${process.pid}`);
  rmSync(path, { force: true });
  writeFileSync(path, JSON.stringify(routes), { mode: 0o600, flag: 'wx' });
  const fd = openSync(path, 'r');
  rmSync(path);
  return fd;
}
