// The proxy workers as supervised programs: their definitions, and what each of their runs gets (listeners, routes, access logs,
// a FIFO for its facts). The facts are counted and logged. They never make hostd do anything.

import { closeSync, constants, fchmodSync, fchownSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { type Owner, openForAppending } from '../../linux/paths.ts';
import { logFile } from '../../model/app.ts';
import type { Host, Listen, Program, ProxySettings, Settings } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import { usableListeners } from '../../model/listen.ts';
import { usualSupervision } from '../../model/supervision.ts';
import { native } from '../../native/index.ts';
import {
  decodeFact,
  type Fact,
  factLimit,
  type Maintenance,
  type Pem,
  type RoutedSite,
  type RouteSettings,
  type Routes,
} from '../../protocol/worker.ts';
import { downReasonPath } from '../fleet/down-reasons.ts';
import { halfClosePath } from '../fleet/half-close.ts';
import { openDocument } from '../own/nameless.ts';
import { ownPaths } from '../own/own-files.ts';
import { ownProgram, workerDigest } from '../own-code.ts';
import { type Equipment, userOf } from '../runs/launch.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { readLines } from './lines.ts';
import { dropNote, findNote, makeNote, type NoteOf } from './notes.ts';
import { ownerOfSite } from './site-owner.ts';
import type { Traffic } from './traffic.ts';
import type { WorkerHistory } from './worker-history.ts';

export const proxyGroup = 'hostd-proxy';

const firstRoutesFd = 3;
const factsFd = 4;
const firstListenerFd = 5;

/** What the workers are told besides the configuration, by site name. */
export interface Published {
  readonly certificates: ReadonlyMap<string, Pem>;
  readonly maintenance: ReadonlyMap<string, Maintenance>;
}

/** The addresses that the workers listen on. Those for TLS are among them if a site has TLS. */
export function proxyListeners({
  settings,
  sites,
}: Host): readonly { readonly address: Listen; readonly tls: boolean }[] {
  const { listen, tlsListen } = settings.proxy;
  const secure = sites.some(site => site.certificate !== null) ? tlsListen : [];
  const usable = (list: readonly Listen[]) => usableListeners(list, native.hasIpv6() === 1);
  return [
    ...usable(listen).map(address => ({ address, tls: false })),
    ...usable(secure).map(address => ({ address, tls: true })),
  ];
}

/** The programs that [proxy] asks for: "hostd-proxy", or "hostd-proxy:0" and so on. */
export function proxyPrograms({ settings, sites }: Host, published: Published): Program[] {
  const { enabled, workers, user } = settings.proxy;
  const told = { ...settings.proxy, sites, code: workerDigest() };
  const states = [[...published.certificates], [...published.maintenance]];
  // The sites are part of a worker's definition: other sites make it a changed program.
  const routes = native.sha256(JSON.stringify([told, states]));
  if (!enabled) return [];
  const log = logFile(join(settings.logDir, 'proxy.log'));
  return Array.from({ length: workers }, (_, number) => ({
    name: workers === 1 ? proxyGroup : `${proxyGroup}:${number}`,
    group: proxyGroup,
    groupPriority: Number.MAX_SAFE_INTEGER,
    app: null,
    kind: 'proxy',
    source: { file: settings.file, key: ['proxy'] },
    instance: null,
    command: ['hostd-proxy'],
    directory: '/',
    environment: { HOSTD_ROUTES_SHA256: routes },
    user,
    unixGroup: null,
    ...usualSupervision,
    umask: 0o027,
    autorestart: 'always',
    startretries: null,
    stopwaitsecs: 40,
    stdout: log,
    stderr: null,
    socket: null,
    health: null,
    listener: null,
    schedule: null,
  }));
}

/** Who hears what a run says. */
export interface Hearing {
  /** Reads how it does. */
  readonly history: WorkerHistory;
  /** Reads what it counts. */
  readonly traffic: Traffic;
  /** Called with its facts. */
  readonly onFact: (fact: Fact) => void;
  /** Called with problems, such as access logs that cannot be opened. */
  readonly warn: (message: string) => void;
}

/** Besides the host, what the equipment of a run is made from. The history says which sites it leaves out. */
export interface ProxyContext extends Hearing {
  readonly published: Published;
  readonly sockets: Sockets;
  /** Number of the run. */
  readonly run: number;
}

/** Makes what one run of a worker needs. */
export function equipProxy(host: Host, program: Program, context: ProxyContext): Equipment {
  const { sockets } = context;
  const user = userOf(program);
  const { settings, sites } = host;
  const addresses = proxyListeners(host);
  const close: number[] = [];
  const closing = (fd: number) => {
    close.push(fd);
    return fd;
  };
  try {
    const listeners = addresses.map(({ address }) => sockets.tcp(address));
    const firstLogFd = firstListenerFd + listeners.length;
    const { routed, logs } = routeSites(host, context, firstLogFd);
    close.push(...logs);
    const routes: Routes = {
      listeners: addresses.map(({ address, tls }, index) => ({
        ...address,
        tls,
        fd: firstListenerFd + index,
      })),
      sites: routed,
      ...routeSettings(settings.proxy),
    };
    // The routes have private keys in them.
    const routesFd = closing(openDocument(settings.runtimeDir, JSON.stringify(routes)));
    const noteOf = { name: program.name, run: context.run };
    const names = sites.map(site => site.name);
    const { fd: note, facts } = makeNote(ownPaths(settings), noteOf, names);
    close.push(note, facts);
    const bodies = openBodies(settings.proxy.clientBodyTempPath ?? settings.stateDir, user, context.warn);
    if (bodies !== null) close.push(bodies);
    const { argv, env: own, binary, refusal } = ownProgram('proxy', proxyGroup, user, settings.runtimeDir);
    closing(binary);
    if (hearNote(settings, noteOf, context) === null) throw new Error(`cannot hear "${program.name}"`);
    const env = {
      ...own,
      HOSTD_ROUTES_FD: `${firstRoutesFd}`,
      HOSTD_FACTS_FD: `${factsFd}`,
      HOSTD_NOTE_FD: `${firstLogFd + logs.length}`,
      ...(process.getuid?.() === 0 ? { HOSTD_CLOSE_MEMORY: '1' } : {}),
      ...(bodies === null ? {} : { HOSTD_BODIES_FD: `${firstLogFd + logs.length + 1}` }),
    };
    const last = bodies === null ? [note] : [note, bodies];
    return { argv, env, fds: [routesFd, facts, ...listeners, ...logs, ...last], binary, refusal, close };
  } catch (error) {
    for (const fd of close) closeSync(fd);
    throw error;
  }
}

/** The sites as the worker is told of them, with their open logs, which become the worker's descriptors from `firstLogFd` on. */
function routeSites(
  host: Host,
  { published, history, warn }: ProxyContext,
  firstLogFd: number,
): { readonly routed: readonly RoutedSite[]; readonly logs: readonly number[] } {
  const { settings, sites, programs } = host;
  const servers = new Map(programs.filter(servesApp).map(p => [p.app, p]));
  const logs: number[] = [];
  const routed = sites.map((site): RoutedSite => {
    const server = servers.get(site.name);
    const passOn = (path: string): number | null => {
      const fd = openSiteLog(path, host, site.name, warn);
      return fd === null ? null : firstLogFd + logs.push(fd) - 1;
    };
    return {
      ...site,
      accessLogFd: passOn(site.accessLog),
      errorLogFd: passOn(site.errorLog),
      pem: published.certificates.get(site.name) ?? null,
      maintenance: published.maintenance.get(site.name) ?? null,
      halfClose: site.keepalive ? null : halfClosePath(settings.runtimeDir, site.name),
      downReason: server === undefined ? null : downReasonPath(settings.runtimeDir, site.name),
      clientAlone: server?.kind === 'app',
      isLeftOut: history.leftOut.has(site.name),
      socketOwners: server === undefined ? null : [userOf(server).uid, process.geteuid?.() ?? 0],
    };
  });
  return { routed, logs };
}

/** Reads facts from the FIFO `fd`, until something else comes. */
function hear(fd: number, name: string, { onFact, warn }: Hearing, ended: () => void): void {
  const accept = (line: string): boolean => {
    const fact = decodeFact(line);
    if (fact !== null) onFact(fact);
    else warn(`${name} says what is no fact: it is listened to no more`);
    return fact !== null;
  };
  readLines(fd, factLimit, accept, ended);
}

/**
 * Reads what a run counts and says: of a new run, or of one that an earlier hostd has started. Returns a function to call when the
 * run has ended, where that is known before the end of its facts; null: it has left nothing to read.
 */
export function hearNote(settings: Settings, of: NoteOf, context: Hearing): (() => void) | null {
  const places = ownPaths(settings);
  const note = findNote(places, of);
  if (note === null) return null;
  const { fd, facts, sites } = note;
  const { history, traffic } = context;
  const ends = [traffic.open(openSync(`/proc/self/fd/${fd}`, 'r'), sites), history.begin(fd, sites)];
  const ended = () => {
    for (const end of ends) end();
    dropNote(places, of);
  };
  if (facts !== null) hear(facts, of.name, context, ended);
  return ended;
}

/** The directory for request bodies that are too large for memory: only for the proxy's user, and on a disk, unlike /tmp or /run. */
function openBodies(above: string, user: Owner, warn: (message: string) => void): number | null {
  const path = join(above, 'bodies');
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      fchmodSync(fd, 0o700);
      if (process.getuid?.() === 0) fchownSync(fd, user.uid, user.gid);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    warn(`request bodies go to the directory of temporary files: ${messageOf(error)}`);
    return null;
  }
}

function routeSettings({
  trustedProxies,
  defaultSite,
  accessLogFormat,
  errorPages,
  acmeWebroot,
  types,
}: ProxySettings): RouteSettings {
  return { trustedProxies, defaultSite, accessLogFormat, errorPages, acmeWebroot, types };
}

function openSiteLog(path: string, host: Host, site: string, warn: (message: string) => void): number | null {
  try {
    return openForAppending(path, ownerOfSite(host, site));
  } catch (error) {
    warn(`no log for the site of "${site}": ${messageOf(error)}`);
    return null;
  }
}
