// The proxy workers as supervised programs: what they are, and what each of their runs is given (listeners, routes,
// access logs, a pipe for their facts). What they say is counted and logged; it never makes hostd do anything.

import { createHash } from 'node:crypto';
import { openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Host, Program } from '../model/host.ts';
import { native } from '../native/index.ts';
import { decodeFact, type Fact, factLimit, type RoutedSite, type Routes } from '../protocol/worker.ts';
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
  const routes = createHash('sha256').update(JSON.stringify({ listen, sites })).digest('hex');
  if (!enabled) return [];
  const log = { path: join(settings.logDir, 'proxy.log'), maxBytes: 50 * 1024 * 1024, backups: 10 };
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

/** What one run of a worker needs. `onFact` hears it; `warn` is told about access logs that cannot be opened. */
export function equipProxy(
  host: Host,
  program: Program,
  sockets: Sockets,
  onFact: (fact: Fact) => void,
  warn: (message: string) => void,
): Equipment {
  const user = userOf(program);
  const { listen } = host.settings.proxy;
  const listeners = listen.map(address => sockets.tcp(address));
  const opened: number[] = [];
  const owners = new Map(host.programs.filter(p => p.app !== null).map(p => [p.app, p]));
  const sites: RoutedSite[] = host.sites.map(site => {
    const app = owners.get(site.name);
    const fd = app === undefined ? null : openAccessLog(site.accessLog, app, warn);
    if (fd !== null) opened.push(fd);
    return {
      ...site,
      accessLogFd: fd === null ? null : firstListenerFd + listeners.length + opened.length - 1,
    };
  });
  const routes: Routes = {
    listeners: listen.map((address, index) => ({ ...address, fd: firstListenerFd + index })),
    sites,
  };
  const [read, write] = native.pipe();
  readLines(read, factLimit, line => {
    const fact = decodeFact(line);
    if (fact !== null) onFact(fact);
    return fact !== null;
  });
  const routesFd = openRoutes(host.settings.runtimeDir, routes);
  const { argv, binary } = ownProgram('proxy', proxyGroup, user, host.settings.runtimeDir);
  return {
    argv,
    env: { HOSTD_ROUTES_FD: `${firstRoutesFd}`, HOSTD_FACTS_FD: `${factsFd}` },
    fds: [routesFd, write, ...listeners, ...opened],
    binary,
    close: [routesFd, write, binary, ...opened],
  };
}

function openAccessLog(path: string, app: Program, warn: (message: string) => void): number | null {
  try {
    const { uid, gid } = userOf(app);
    return openForAppending(path, { uid, gid });
  } catch (error) {
    warn(`no access log for "${app.app}": ${messageOf(error)}`);
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
