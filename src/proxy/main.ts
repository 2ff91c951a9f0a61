// A proxy worker: reads its routes from an inherited fd, serves on inherited listeners, and goes when told to. It is
// given everything at its start and can ask hostd for nothing; it goes on serving when hostd is gone.

import { closeSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { messageOf } from '../errors.ts';
import type { RoutedSite, Routes } from '../protocol/worker.ts';
import { AccessLog } from './access-log.ts';
import { AppConnections } from './app-connections.ts';
import { Budget } from './budget.ts';
import { openErrorLog } from './error-log.ts';
import { openFacts, type TellFact } from './facts.ts';
import { type Limits, limitsFrom } from './limits.ts';
import { makeRouter } from './router.ts';
import { Connections, makeServer } from './server.ts';
import type { Worker } from './worker.ts';

const countsMs = 10_000;
/** Open files that are no connection's: logs, listeners, node's own. */
const otherFiles = 200;
/** For the last access log lines to reach a slow disk. */
const lastFlushMs = 2000;

function run(): void {
  if (process.getuid?.() === 0) {
    throw new Error(
      'cannot run a proxy worker as root: it reads what strangers send\n  try: hostd start, which runs it as [proxy] user',
    );
  }
  const routes = readRoutes(descriptor('HOSTD_ROUTES_FD'));
  const tell = openFacts(process.env['HOSTD_FACTS_FD'] === undefined ? null : descriptor('HOSTD_FACTS_FD'));
  const worker = makeWorker(routes.sites.map(inBytes));
  const connections = new Connections(worker);
  const servers = listen(routes, worker, connections, () => tell({ kind: 'ready' }));
  const counting = tellCounts(worker, tell);
  process.on('SIGTERM', () => {
    if (worker.draining) return;
    clearInterval(counting);
    drain(worker, servers, connections, tell);
  });
  process.on('uncaughtException', error => {
    worker.errorLog({ level: 'error', cause: `a mistake in hostd: ${error.stack ?? messageOf(error)}` });
    process.exit(70);
  });
}

function descriptor(name: string): number {
  const text = process.env[name];
  if (text === undefined || !/^\d{1,9}$/.test(text)) {
    throw new Error(
      `cannot run a proxy worker by hand: ${name} is not a file descriptor\n  try: hostd start`,
    );
  }
  return Number(text);
}

function readRoutes(fd: number): Routes {
  const text = readFileSync(fd, 'utf8');
  closeSync(fd);
  return JSON.parse(text) as Routes;
}

/** Paths of requests are bytes, one latin-1 character each; so are those that they are compared with and added to. */
function inBytes(site: RoutedSite): RoutedSite {
  const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
  const locations = site.locations.map(({ prefix, alias }) => ({
    prefix: bytes(prefix),
    alias: bytes(alias),
  }));
  return { ...site, locations };
}

function makeWorker(sites: readonly RoutedSite[]): Worker {
  const limits = withinOpenFiles(limitsFrom(process.env));
  const siteErrorLogs = sites.flatMap(({ name, errorLogFd }): [string, number][] =>
    errorLogFd == null ? [] : [[name, errorLogFd]],
  );
  const errorLog = openErrorLog(2, new Map(siteErrorLogs));
  const accessLogs = new Map<string, AccessLog>();
  for (const { name, accessLogFd } of sites) {
    if (accessLogFd !== null) accessLogs.set(name, new AccessLog(accessLogFd, name, errorLog));
  }
  return {
    limits,
    route: makeRouter(sites),
    accessLogs,
    apps: new Map(sites.map(site => [site.name, new AppConnections(site.socket, limits)])),
    errorLog,
    bodyBudget: new Budget(limits.bodyMemoryTotal),
    responseBudget: new Budget(limits.responseMemoryTotal),
    temporaryDirectory: tmpdir(),
    draining: false,
    connections: 0,
    requests: 0,
  };
}

/** Each connection may need a second fd, for the app or for a file. */
function withinOpenFiles(limits: Limits): Limits {
  const files = Number(
    /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024,
  );
  const connections = Math.max(16, Math.floor((files - otherFiles) / 2));
  return { ...limits, connections: Math.min(limits.connections, connections) };
}

function listen(
  routes: Routes,
  worker: Worker,
  connections: Connections,
  ready: () => void,
): readonly Server[] {
  let left = routes.listeners.length;
  return routes.listeners.map(({ fd, port }) => {
    const server = makeServer(worker, connections, port);
    server.on('error', error => {
      worker.errorLog({ level: 'error', cause: `cannot accept on fd ${fd}: ${error.message}` });
    });
    server.listen({ fd }, () => {
      if (--left === 0) ready();
    });
    return server;
  });
}

function tellCounts(worker: Worker, tell: TellFact): NodeJS.Timeout {
  let told = 0;
  return setInterval(() => {
    if (worker.connections + worker.requests === told) return;
    told = worker.connections + worker.requests;
    tell({ kind: 'counts', connections: worker.connections, requests: worker.requests });
  }, countsMs).unref();
}

function drain(worker: Worker, servers: readonly Server[], connections: Connections, tell: TellFact): void {
  worker.draining = true;
  tell({ kind: 'draining', connections: connections.size });
  // Not http's close, which ends connections whose answer has been written but not sent.
  for (const server of servers) NetServer.prototype.close.call(server);
  let leaving = false;
  const leave = (): void => {
    if (leaving) return;
    leaving = true;
    const flushed = Promise.all([...worker.accessLogs.values()].map(log => log.close()));
    const late = new Promise(resolve => setTimeout(resolve, lastFlushMs));
    void Promise.race([flushed, late]).then(() => process.exit(0));
  };
  connections.onEmpty = leave;
  connections.drain();
  if (connections.size === 0) leave();
  setTimeout(() => {
    connections.destroyAll();
    leave();
  }, worker.limits.drainMs);
}

try {
  run();
} catch (error) {
  process.stderr.write(`hostd-proxy: ${messageOf(error)}\n`);
  process.exit(1);
}
