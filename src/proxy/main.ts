// A proxy worker: reads its routes from an inherited descriptor, serves on inherited listeners, and goes when told to. It is
// given everything at its start and can ask hostd for nothing. It goes on serving when hostd is gone.

import { closeSync, readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { messageOf } from '../errors.ts';
import type { Location } from '../model/host.ts';
import { loadBareSockets } from '../native/bare-sockets.ts';
import { givesMemoryBack } from '../native/memory.ts';
import { nameProcess } from '../process-name.ts';
import { pendingPlace } from '../protocol/note.ts';
import type { Bound, Routes } from '../protocol/worker.ts';
import { expectOwners } from './app/app-path.ts';
import { makeBackend, watchUpstreams } from './backends.ts';
import { makeBounds } from './bounds.ts';
import { makeCertificates } from './client/certificates.ts';
import { makeSecureServer } from './client/secure.ts';
import { Connections, makeServer } from './client/server.ts';
import { openFacts, type TellFact } from './facts.ts';
import { Faults } from './faults.ts';
import { noteWorkIn } from './guard.ts';
import { trustedAmong } from './http/client-address.ts';
import { defaultLimits, type Limits, limitsFrom } from './limits.ts';
import { AccessLog } from './log/access-log.ts';
import { openErrorLog } from './log/error-log.ts';
import { openNote } from './note.ts';
import { ErrorPages } from './pages/error-pages.ts';
import { makeRouter } from './request/router.ts';
import { Traffic } from './traffic.ts';
import type { Worker } from './worker.ts';

/** Open files that belong to no connection: logs, listeners, node's own. */
const otherFiles = 200;
/** Milliseconds for the last access log lines to reach a slow disk. */
const lastFlushMs = 2000;

function run(): void {
  nameProcess('hostd-proxy');
  if (process.getuid?.() === 0) {
    throw new Error(
      'cannot run a proxy worker as root: it reads what strangers send\n  try: hostd start, which runs it as [proxy] user',
    );
  }
  const routes = readRoutes(descriptor('HOSTD_ROUTES_FD'));
  const facts = openFacts(process.env['HOSTD_FACTS_FD'] === undefined ? null : descriptor('HOSTD_FACTS_FD'));
  const { tell } = facts;
  closeMemory();
  const note = openNote(
    process.env['HOSTD_NOTE_FD'] === undefined ? null : descriptor('HOSTD_NOTE_FD'),
    routes.sites.length,
  );
  noteWorkIn(note.memory);
  const worker = makeWorker(routes, note.memory, what => void tell({ kind: 'bound', what }));
  watchUpstreams(worker, routes.sites, note, tell);
  const connections = new Connections(worker);
  const busy = givesMemoryBack({ interval: worker.limits.restMs, worth: 300 });
  const servers = listen(routes, worker, connections, () => tell({ kind: 'ready' }));
  if (note.flush !== null) setInterval(note.flush, worker.limits.noteMs).unref();
  for (const server of servers) server.on('connection', busy);
  const lastRound = (): Promise<void> => {
    note.flush?.();
    return facts.drained();
  };
  let draining: Draining | null = null;
  const begin = (patient: boolean): Draining => {
    draining ??= drain(worker, servers, connections, tell, lastRound);
    connections.drain(patient);
    return draining;
  };
  // Nothing to do: hostd opens the worker's logs. Without a handler Node's inspector would listen, but for its flag.
  process.on('SIGUSR1', () => {});
  // SIGQUIT: there is a successor, so open requests have time. SIGTERM: there is none, so the sooner the better.
  process.on('SIGQUIT', () => begin(true));
  process.on('SIGTERM', () => begin(false).limit());
  const faults = new Faults();
  // An exception of an exchange has been charged to it (guard.ts). Any other exception is no reason to end everybody's requests.
  process.on('uncaughtException', error => {
    worker.errorLog({ level: 'error', cause: `a mistake in hostd: ${error.stack ?? messageOf(error)}` });
    if (faults.add(performance.now())) process.exit(70);
  });
}

/** Its memory has TLS keys, and other processes run as the same user. Stays open where hostd runs as that user too: it looks in. */
function closeMemory(): void {
  if (process.env['HOSTD_CLOSE_MEMORY'] === '1') loadBareSockets()?.closeMemory();
}

/** The directory that hostd has opened for request bodies, or the one for all temporary files. */
function bodyDirectory(): string {
  if (process.env['HOSTD_BODIES_FD'] === undefined) return tmpdir();
  return `/proc/self/fd/${descriptor('HOSTD_BODIES_FD')}`;
}

/** The part of the memory in which a site notes how many requests wait for its app. */
function pendingIn(memory: ArrayBuffer, number: number): Uint32Array | null {
  const place = pendingPlace(number);
  return place === null ? null : new Uint32Array(memory, 4 * place, 2);
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

/** Paths of requests are bytes, one latin-1 character each. Paths that they are compared with or added to must be the same. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function inBytes({ prefix, alias, expires }: Location): Location {
  return { prefix: bytes(prefix), alias: bytes(alias), expires };
}

function directoryInBytes(path: string | null | undefined): string | null {
  return path == null ? null : bytes(path.replace(/\/?$/, '/'));
}

function makeWorker(routes: Routes, note: ArrayBuffer, tellBound: (bound: Bound) => void): Worker {
  const { acmeWebroot = null, trustedProxies = [] } = routes;
  const sites = routes.sites.map((site, index) => ({
    ...site,
    number: index + 1,
    locations: site.locations.map(inBytes),
    errorPages: site.isLeftOut === true ? null : directoryInBytes(site.errorPages),
    // While the site's certificate can't be used, http is better than a redirect to nowhere.
    redirectHttps: site.redirectHttps && (site.pem != null || trustedProxies.length > 0),
  }));
  for (const { socket, socketOwners } of sites) if (socketOwners != null) expectOwners(socket, socketOwners);
  const router = makeRouter(sites);
  const defaultSite = sites.find(({ name }) => name === routes.defaultSite) ?? null;
  const tlsPorts = routes.listeners.filter(({ tls }) => tls).map(({ port }) => port);
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
    route: router,
    defaultSite,
    ...(trustedProxies.length === 0 ? {} : { isTrusted: trustedAmong(trustedProxies) }),
    acme: acmeWebroot === null ? null : inBytes(acmeLocation(acmeWebroot)),
    tlsPort: tlsPorts.includes(443) ? 443 : (tlsPorts[0] ?? 443),
    accessLogs,
    ...(routes.accessLogFormat === undefined ? {} : { accessLogFormat: routes.accessLogFormat }),
    traffic: new Traffic(
      sites.map(site => site.name),
      note,
    ),
    ...(routes.types === undefined ? {} : { types: new Map(Object.entries(routes.types)) }),
    apps: new Map(
      sites.map(site => [
        site.name,
        makeBackend(
          site,
          { ...limits, upstreamGapMs: readGapMs(limits, site.proxyReadTimeout) },
          pendingIn(note, site.number),
          errorLog,
        ),
      ]),
    ),
    errorLog,
    errorPages: new ErrorPages(directoryInBytes(routes.errorPages), errorLog),
    ...makeBounds(limits, bodyDirectory(), errorLog, tellBound),
    draining: false,
  };
}

/** The site's own patience. A test that sets a shorter limit than the usual one gets the shorter one. */
function readGapMs({ upstreamGapMs }: Limits, seconds: number): number {
  return upstreamGapMs < defaultLimits.upstreamGapMs ? upstreamGapMs : seconds * 1000;
}

/** certbot and others that have this directory as their webroot put the answers to a certificate authority there. */
function acmeLocation(webroot: string): Location {
  const prefix = '/.well-known/acme-challenge/';
  return { prefix, alias: webroot.replace(/\/?$/, prefix), expires: null };
}

/** The limits with as many connections as open files allow. Each connection may need a second descriptor, for the app or a file. */
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
  const secure = routes.listeners.some(({ tls }) => tls) ? makeCertificates(routes, worker.errorLog) : null;
  let left = routes.listeners.length;
  return routes.listeners.map(({ fd, port, tls }) => {
    const server =
      tls && secure !== null
        ? makeSecureServer(connections, port, secure, worker.limits)
        : makeServer(connections, port);
    server.on('error', error => {
      worker.errorLog({ level: 'error', cause: `cannot accept on fd ${fd}: ${error.message}` });
    });
    server.listen({ fd }, () => {
      if (--left === 0) ready();
    });
    return server;
  });
}

interface Draining {
  /** Gives answers and tunnels, which otherwise may take any time, drainMs from now on. */
  limit(): void;
}

function drain(
  worker: Worker,
  servers: readonly Server[],
  connections: Connections,
  tell: TellFact,
  lastRound: () => Promise<void>,
): Draining {
  worker.draining = true;
  for (const server of servers) server.close();
  tell({ kind: 'draining', connections: connections.size });
  let leaving = false;
  const leave = (): void => {
    if (leaving) return;
    leaving = true;
    // A connection that was cut closes before its request has been counted and logged.
    setImmediate(() => {
      const logs = [...worker.accessLogs.values()];
      const flushed = Promise.all([lastRound(), ...logs.map(log => log.close())]);
      const late = new Promise(resolve => setTimeout(resolve, lastFlushMs));
      void Promise.race([flushed, late]).then(() => process.exit(0));
    });
  };
  connections.onEmpty = leave;
  if (connections.size === 0) leave();
  let limited = false;
  const limit = (): void => {
    if (limited) return;
    limited = true;
    setTimeout(() => {
      connections.destroyAll();
      setTimeout(leave, lastFlushMs); // at the latest: the last of them ends in a moment
    }, worker.limits.drainMs);
  };
  return { limit };
}

try {
  run();
} catch (error) {
  process.stderr.write(`hostd-proxy: ${messageOf(error)}\n`);
  process.exit(1);
}
