// What hostd dev answers: its own pages at localhost, apps that it starts when a request comes, and everything else by the
// production proxy. Knows nothing of terminals.

import { Front } from '../../embed/front.ts';
import type { Serve } from '../../proxy/client/connection.ts';
import { type ClientConnection, type ClientRequest, fieldOf } from '../../proxy/client/message.ts';
import { dateNow } from '../../proxy/clock.ts';
import { ownFields } from '../../proxy/http/response-fields.ts';
import type { Exchange } from '../../proxy/request/exchange.ts';
import { hostName } from '../../proxy/request/router.ts';
import { serve as serveSite } from '../../proxy/request/serve.ts';
import type { DevApp } from '../apps/app.ts';
import { downPage, listPage, type Shown, unknownPage, waitingField } from './pages/pages.ts';
import { isOwnUser } from './peer.ts';

export interface SitesOptions {
  readonly apps: () => readonly DevApp[];
  /** "https://hello.localhost:8443/" */
  readonly urlOf: (name: string) => string;
  /** Looks for apps that were added. true: there are new ones. */
  readonly lookAgain: () => Promise<boolean>;
  /** Called by the proxy with a message about a failed request. */
  readonly report: (text: string) => void;
  /** Where a request by http is redirected; null: it is served. */
  readonly redirect: (host: string, uri: string) => string | null;
}

/** Milliseconds that a request waits for an app that runs but does not listen, such as while runserver loads changed code. */
const reloadMs = 4000;
/** Milliseconds in which a client has to take some of an answer. */
const gapMs = 120_000;
const own: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export class Sites {
  readonly front: Front;
  readonly #options: SitesOptions;
  #byName = new Map<string, DevApp>();

  constructor(options: SitesOptions) {
    this.#options = options;
    this.front = new Front({
      // A debugger may hold a request as long as its user thinks.
      limits: { upstreamGapMs: 3_600_000, writeGapMs: gapMs },
      serve: (exchange, tunnel) => this.#serve(exchange, tunnel),
      page: (req, connection, status) => this.#page(req, connection, status),
      report: ({ cause, site }) => options.report(site === undefined ? cause : `${site}: ${cause}`),
    });
    this.update();
  }

  /** The apps have changed. */
  update(): void {
    const apps = this.#options.apps().filter(app => app.plan.site !== null);
    this.#byName = new Map(apps.map(app => [app.name, app]));
    const before = new Map(this.front.sites.map(site => [site.name, site]));
    this.front.setSites(
      apps.flatMap(({ name, plan, web }) => {
        if (plan.site === null) return [];
        return before.get(name) ?? { name, ...plan.site, queueMs: web === null ? 0 : reloadMs };
      }),
    );
  }

  #serve(exchange: Exchange, tunnel: Parameters<Serve>[1]): void {
    const { req } = exchange;
    const host = hostName(fieldOf(req, 'host') ?? '');
    const elsewhere =
      host === null || exchange.connection.secure
        ? null
        : this.#options.redirect(host, req.url.startsWith('/') ? req.url : '/');
    if (elsewhere !== null) {
      exchange.sendPage(301, { location: elsewhere });
      return;
    }
    if (host === null) serveSite(exchange, tunnel);
    else if (own.has(host)) void this.#answerItself(exchange, host);
    else void this.#serveApp(exchange, tunnel, host);
  }

  async #answerItself(exchange: Exchange, host: string): Promise<void> {
    const { method, url } = exchange.req;
    if (method !== 'GET' && method !== 'HEAD') {
      exchange.sendPage(405);
      return;
    }
    const found = url.split('?')[0] === '/';
    const shown = await this.#shown(exchange);
    if (isGone(exchange)) return;
    send(exchange, found ? 200 : 404, found ? listPage(shown) : unknownPage(host, shown));
  }

  async #serveApp(exchange: Exchange, tunnel: Parameters<Serve>[1], host: string): Promise<void> {
    const app = await this.#find(host);
    if (isGone(exchange)) return;
    if (app === undefined) {
      const page = unknownPage(host, await this.#shown(exchange));
      if (!isGone(exchange)) send(exchange, 404, page);
      return;
    }
    const done = app.use();
    exchange.res.onClose({ closed: done });
    if (fieldOf(exchange.req, waitingField) !== null) {
      const isAsked = app.state === 'elsewhere' || app.state === 'starting';
      const answers = app.state === 'running' || (isAsked && (await app.isReachable()));
      if (!isGone(exchange)) send(exchange, answers ? 204 : 503, '');
      return;
    }
    const comes = await this.#comesUp(app, exchange);
    if (isGone(exchange)) return;
    if (comes) serveSite(exchange, tunnel);
    else exchange.sendPage(app.state === 'stopped' ? 503 : 502);
  }

  /** Starts an app that sleeps, or one that has failed when a person looks at it again. */
  #comesUp(app: DevApp, { req }: Exchange): Promise<boolean> {
    switch (app.state) {
      case 'running':
      case 'elsewhere':
        return Promise.resolve(true);
      case 'stopped':
        return Promise.resolve(false);
      case 'failed': {
        const isLook = req.method === 'GET' && (fieldOf(req, 'accept') ?? '').includes('text/html');
        return isLook ? app.comeUp('start') : Promise.resolve(false);
      }
      default:
        return app.comeUp('wake');
    }
  }

  async #find(host: string): Promise<DevApp | undefined> {
    const find = () => this.#byName.get(this.front.siteOf(host) ?? '');
    const found = find();
    if (found !== undefined) return found;
    return (await this.#options.lookAgain()) ? find() : undefined;
  }

  #page(req: ClientRequest, connection: ClientConnection, status: number): string | null {
    if (status !== 502 && status !== 503 && status !== 504) return null;
    if (!(fieldOf(req, 'accept') ?? '').includes('text/html')) return null;
    const name = this.front.siteOf(hostName(fieldOf(req, 'host') ?? '') ?? '');
    const app = this.#byName.get(name ?? '');
    return app === undefined ? null : downPage(this.#show(app, false, isOwnUser(connection.socket)));
  }

  #shown({ connection }: Exchange): Promise<Shown[]> {
    const isOwn = isOwnUser(connection.socket);
    return Promise.all(
      this.#options
        .apps()
        .map(async app => this.#show(app, app.state !== 'elsewhere' || (await app.isReachable()), isOwn)),
    );
  }

  /** Every user of this machine can connect. Only the user who runs hostd dev may see an app's output and its folder. */
  #show(app: DevApp, reachable: boolean, isOwn: boolean): Shown {
    const { name, plan, lines, reason } = app;
    return {
      name,
      what: plan.what,
      directory: isOwn ? plan.directory : null,
      url: plan.site === null ? null : this.#options.urlOf(name),
      state: app.state === 'elsewhere' && !reachable ? 'unreachable' : app.state,
      reason: isOwn ? reason : '',
      lines: isOwn ? lines : null,
    };
  }
}

function isGone({ connection, res }: Exchange): boolean {
  return connection.socket.destroyed || res.isClosed;
}

function send(exchange: Exchange, status: number, page: string): void {
  const reason = { 200: 'OK', 204: 'No Content', 404: 'Not Found', 503: 'Service Unavailable' }[status] ?? '';
  const own = ownFields({
    date: dateNow(),
    connection: exchange.connectionField,
    type: 'text/html; charset=utf-8',
    length: status === 204 ? null : page.length,
  });
  exchange.sendHead(status, reason, [...own, 'Cache-Control', 'no-store']);
  exchange.res.end(exchange.req.method === 'HEAD' || status === 204 ? '' : page);
}
