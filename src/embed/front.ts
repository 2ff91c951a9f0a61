// The production proxy inside this process: the same routing, headers, forwarding and files as in a worker of hostd, for sites
// that come and go. Knows nothing of the programs behind them.

import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Location } from '../model/host.ts';
import type { RoutedSite } from '../protocol/worker.ts';
import type { Address } from '../proxy/app/app-connection.ts';
import { AppConnections } from '../proxy/app/app-connections.ts';
import { makeBounds } from '../proxy/bounds.ts';
import type { Serve } from '../proxy/client/connection.ts';
import { Connections, makeServer } from '../proxy/client/server.ts';
import { defaultLimits, type Limits } from '../proxy/limits.ts';
import type { Problem } from '../proxy/log/error-log.ts';
import { makeRouter, type Router } from '../proxy/request/router.ts';
import type { Worker } from '../proxy/worker.ts';
import { HostedConnection } from './hosted-connection.ts';

export interface FrontSite {
  /** The site also has the name NAME.localhost. */
  readonly name: string;
  readonly serverNames: readonly string[];
  readonly address: Address;
  readonly locations: readonly Location[];
  /** Bytes; 0 is no limit. */
  readonly clientMaxBodySize: number;
  /** Whether its server keeps connections open. */
  readonly keepalive: boolean;
  /** Milliseconds that a request waits for a server that does not listen. */
  readonly queueMs: number;
}

export interface FrontOptions {
  readonly limits?: Partial<Limits>;
  /** Called before a site gets the request. */
  readonly serve?: Serve;
  readonly page?: NonNullable<Worker['page']>;
  readonly report: (problem: Problem) => void;
  /** The site for a host name that no site has. */
  readonly otherwise?: (host: string) => string | null;
}

export class Front {
  readonly limits: Limits;
  readonly connections: Connections;
  readonly #worker: Worker;
  readonly #apps = new Map<string, AppConnections>();
  readonly #routed = new Map<string, RoutedSite>();
  #sites: readonly FrontSite[] = [];
  #router: Router = () => null;

  constructor({ limits = {}, serve, page, report, otherwise }: FrontOptions) {
    this.limits = { ...defaultLimits, ...limits };
    this.#worker = {
      limits: this.limits,
      route: host => this.#router(host) ?? this.#routed.get(otherwise?.(host) ?? '') ?? null,
      accessLogs: new Map(),
      apps: this.#apps,
      errorLog: report,
      ...makeBounds(this.limits, tmpdir(), report),
      draining: false,
      ...(page === undefined ? {} : { page }),
    };
    this.connections = new Connections(this.#worker, serve);
  }

  get sites(): readonly FrontSite[] {
    return this.#sites;
  }

  setSites(sites: readonly FrontSite[]): void {
    const before = new Map(this.#sites.map(site => [site.name, site]));
    const routed = sites.map(routedSite);
    this.#sites = sites;
    this.#router = makeRouter(routed);
    this.#routed.clear();
    for (const site of routed) this.#routed.set(site.name, site);
    for (const name of this.#apps.keys()) if (!this.#routed.has(name)) this.#apps.delete(name);
    for (const site of sites)
      if (before.get(site.name) !== site)
        this.#apps.set(
          site.name,
          new AppConnections(site.address, { ...this.limits, queueMs: site.queueMs }),
        );
  }

  /** The name of the site that has a host name (as hostName() returns it). */
  siteOf(host: string): string | null {
    return this.#worker.route(host)?.name ?? null;
  }

  /** A server for connections that come in by `port`. It does not listen yet. */
  server(port: number): Server {
    return makeServer(this.connections, port);
  }

  /** Serves a connection of another server. null: there are too many, and it has been ended. */
  host(socket: Socket): HostedConnection | null {
    if (!this.connections.admit(socket)) return null;
    const hosted = new HostedConnection(this.#worker, socket, this.connections.serve);
    this.connections.add(hosted.connection);
    return hosted;
  }

  /** Ends every connection: idle ones now, others after their answers or after `drainMs`. */
  async drain(drainMs: number): Promise<void> {
    this.#worker.draining = true;
    if (this.connections.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(() => this.connections.destroyAll(), drainMs);
      this.connections.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
      this.connections.closeIdle();
      this.connections.drain(true);
      if (this.connections.size === 0) this.connections.onEmpty();
    });
  }
}

/** The text as bytes, one latin-1 character each, since paths are compared as bytes. */
function inBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function routedSite(site: FrontSite): RoutedSite {
  const { name, serverNames, clientMaxBodySize, keepalive, address } = site;
  return {
    name,
    serverNames,
    clientMaxBodySize,
    keepalive,
    proxyReadTimeout: defaultLimits.upstreamGapMs / 1000,
    locations: site.locations.map(({ prefix, alias, expires }) => ({
      prefix: inBytes(prefix),
      alias: inBytes(alias),
      expires,
    })),
    socket: typeof address === 'string' ? address : `${address.host}:${address.port}`,
    accessLog: '',
    errorLog: '',
    accessLogFd: null,
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
  };
}
