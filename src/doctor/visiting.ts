// Which requests the visitor sends for one site, and what has come of them.

import { plainName } from '../model/app.ts';
import { isElsewhere } from '../model/elsewhere.ts';
import type { App, Host, Listen } from '../model/host.ts';
import type { User } from '../native/index.ts';
import type { Door, LookedUp, Visit, Visited } from '../protocol/visit.ts';
import { type Front, noRequests, type RequestFacts } from './facts.ts';
import { isGood } from './judge/request.ts';
import { sendVisitor } from './look/visits.ts';

/** Milliseconds that the site may take for an answer, and while it is starting. */
const [usual, brief] = [10_000, 3000];
/** Host names that are looked up. */
const mostNames = 20;

export interface Went {
  readonly names: readonly LookedUp[];
  readonly requests: RequestFacts;
  /** Why no page was asked for; null: pages were. */
  readonly why: string | null;
}

export interface SiteToVisit {
  readonly host: Host;
  readonly app: App;
  readonly fronts: readonly Front[];
  /** A file below /static/. */
  readonly file: string | null;
  readonly isStarting: boolean;
}

export function wentNowhere(why: string): Went {
  return { names: [], requests: noRequests, why };
}

/** `why`: a reason not to ask the app itself, or null. */
export async function visitSite(site: SiteToVisit, who: User, why: string | null): Promise<Went> {
  const { app } = site;
  const patience = site.isStarting ? brief : usual;
  const visits = visitsOf(site).filter(({ id }) => why === null || id === 'file');
  const names = app.serverNames.filter(name => !name.startsWith('*')).slice(0, mostNames);
  const first = await sendVisitor({ visits, names, patience }, who);
  if (typeof first === 'string') return wentNowhere(first);
  const requests = requestsIn(first.visited, plainName(app), site.file);
  if (why !== null || !needsDirect(requests, app)) return { names: first.names, requests, why };
  const second = await sendVisitor({ visits: [directTo(app)], names: [], patience }, who);
  const [direct = null] = typeof second === 'string' ? [] : second.visited;
  return { names: first.names, requests: { ...requests, direct }, why };
}

/** Pure: the requests of the first walk. */
export function visitsOf({ host, app, fronts, file }: Omit<SiteToVisit, 'isStarting'>): readonly Visit[] {
  const { proxy } = host.settings;
  const name = plainName(app);
  const plain = proxy.enabled ? doorOf(proxy.listen[0]) : null;
  const secure = proxy.enabled && app.certificate !== null ? doorOf(proxy.tlsListen[0]) : null;
  const visits: Visit[] = [];
  const add = (id: string, to: Door | null, isSecure: boolean, path: string) => {
    if (to !== null) visits.push({ id, to, secure, isSecure, host: name, path });
  };
  add('plain', plain, false, '/');
  add('secure', secure, true, '/');
  if (plain === null && !isElsewhere(app)) visits.push(directTo(app));
  if (app.health !== null && app.health !== '/') add('health', secure ?? plain, secure !== null, app.health);
  if (file !== null) add('file', secure ?? plain, secure !== null, `/static/${file}`);
  for (const { port } of isFrontOf(host, app) ? fronts : []) {
    const isSecure = port === 443;
    const door: Door = { host: '127.0.0.1', port };
    const speaks = fronts.some(one => one.port === 443);
    visits.push({
      id: isSecure ? 'frontSecure' : 'front',
      to: door,
      secure: speaks ? { ...door, port: 443 } : null,
      isSecure,
      host: name,
      path: '/',
    });
  }
  return visits;
}

/** Whether other web servers of this machine are expected to serve this site: hostd's proxy is off, or hidden behind them. */
function isFrontOf({ settings }: Host, { serverNames }: App): boolean {
  const { enabled, listen } = settings.proxy;
  const isHidden = listen.every(({ host }) => host.startsWith('127.') || host === '::1');
  return serverNames.length > 0 && (!enabled || isHidden);
}

function directTo(app: App): Visit {
  const socket = { socket: app.socket };
  return { id: 'direct', to: socket, secure: socket, isSecure: false, host: plainName(app), path: '/' };
}

/** Every address of this machine is one of its own. */
function doorOf(listen: Listen | undefined): Door | null {
  if (listen === undefined) return null;
  const own: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return { host: own[listen.host] ?? listen.host, port: listen.port };
}

/** `name`: the site's host name. Pure. */
export function requestsIn(all: readonly Visited[], name: string, file: string | null): RequestFacts {
  const get = (id: string) => all.find(one => one.id === id) ?? null;
  const served = get('file');
  const [plain, front] = [get('plain'), get('front')];
  // Another web server may speak https for other sites alone.
  const leads = [plain, front, get('direct')].some(one =>
    one?.hops.some(url => url.startsWith(`https://${name}`)),
  );
  const isMeant = leads || (plain === null && front === null);
  return {
    plain,
    secure: get('secure'),
    direct: get('direct'),
    front,
    frontSecure: isMeant ? get('frontSecure') : null,
    health: get('health'),
    file: served === null || file === null ? null : { ...served, path: file },
  };
}

/** Whether the app itself has to be asked, past the proxy: the answer was bad, or leads to where nobody answers here. */
function needsDirect({ plain, secure, direct }: RequestFacts, app: App): boolean {
  const main = secure ?? plain;
  if (direct !== null || main === null || main.why === 'late' || isElsewhere(app)) return false;
  const leadsAway = secure === null && (main.hops.at(-1) ?? '').startsWith(`https://${plainName(app)}`);
  return !isGood(main) || leadsAway;
}
