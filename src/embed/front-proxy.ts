// createFrontProxy: hostd's proxy as a library, for programs that embed a reverse proxy (in place of http-proxy). The sites are
// servers that run elsewhere. See docs/development.md, "In a program of your own".

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HostdError } from '../errors.ts';
import { bad } from '../proxy/client/line-events.ts';
import { guard } from '../proxy/guard.ts';
import type { Problem } from '../proxy/log/error-log.ts';
import { parseAddress } from './address.ts';
import { Front, type FrontSite } from './front.ts';
import type { HostedConnection } from './hosted-connection.ts';

/** One site: where its server listens, and its settings. */
export interface FrontProxySite {
  /** "http://127.0.0.1:3000", "unix:/path.sock", or a port. */
  readonly target: string;
  /** Host names, besides NAME.localhost. "*.example.test" is every name below it. */
  readonly hosts?: readonly string[];
  /** Directories that are served without asking the server: { '/static/': '/srv/hello/static/' }. */
  readonly files?: Readonly<Record<string, string>>;
  /** Longest request body in bytes. Default: 0, no limit. */
  readonly maxBodySize?: number;
  /** Whether connections to the server are used again. Default: true. */
  readonly keepAlive?: boolean;
  /** Milliseconds that a request waits for a server that does not listen (yet), before it gets 503. Default: 0. */
  readonly waitMs?: number;
}

export interface FrontProxyOptions {
  /** Sites by name. A name with a dot is a host name of its own. */
  readonly sites: Readonly<Record<string, string | FrontProxySite>>;
  /** The site for host names that no site has. Without it they get 404. */
  readonly fallback?: string;
}

/** What went wrong with one request. The client got 502, 503 or 504, or its connection has ended. */
export class FrontProxyError extends Error {
  readonly site: string | undefined;
  readonly target: string | undefined;

  constructor({ cause, site, upstream }: Problem) {
    super(cause);
    this.name = 'FrontProxyError';
    this.site = site;
    this.target = upstream;
  }
}

interface Events {
  /** Without a listener nothing happens: a failed request is no reason to end the program. */
  error: [error: FrontProxyError];
  listening: [address: AddressInfo];
  close: [];
}

export interface FrontProxy extends EventEmitter<Events> {
  /** Answers one request of a server of your own: `http.createServer((req, res) => proxy.web(req, res))`. */
  web(req: IncomingMessage, res: ServerResponse): void;
  /** Answers one WebSocket handshake: `server.on('upgrade', (req, socket, head) => proxy.ws(req, socket, head))`. */
  ws(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Listens on a port of its own. Port 0 is any free one. Rejects when it cannot, such as with code "EADDRINUSE". */
  listen(port: number, host?: string): Promise<AddressInfo>;
  /** Replaces the sites. Requests that are under way end as they began. */
  setSites(sites: FrontProxyOptions['sites']): void;
  /** Accepts no more connections, and lets open requests finish, for at most `ms` (default 5000). */
  close(ms?: number): Promise<void>;
}

/** Milliseconds for open requests to finish at close(). */
const drainMs = 5000;

/** @throws HostdError for a site with an unusable target or name. */
export function createFrontProxy(options: FrontProxyOptions): FrontProxy {
  return new EmbeddedProxy(options);
}

class EmbeddedProxy extends EventEmitter<Events> implements FrontProxy {
  readonly #front: Front;
  readonly #servers: Server[] = [];
  readonly #hosted = new WeakMap<Socket, HostedConnection>();

  constructor({ sites, fallback }: FrontProxyOptions) {
    super();
    const report = (problem: Problem): void => {
      if (this.listenerCount('error') > 0) this.emit('error', new FrontProxyError(problem));
    };
    this.#front = new Front({ report, otherwise: () => fallback ?? null });
    this.setSites(sites);
    if (fallback !== undefined && !Object.hasOwn(sites, fallback))
      throw new HostdError('usage', `cannot use fallback "${fallback}": there is no site of that name`);
  }

  setSites(sites: FrontProxyOptions['sites']): void {
    this.#front.setSites(Object.entries(sites).map(([name, site]) => frontSite(name, site)));
  }

  web(req: IncomingMessage, res: ServerResponse): void {
    const hosted = this.#hostedOn(req.socket);
    if (hosted !== null) guard(hosted.connection, () => hosted.add(req, res));
  }

  ws(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const hosted = this.#hostedOn(socket as Socket);
    if (hosted === null) return;
    const isWebSocket = req.headers.upgrade?.toLowerCase() === 'websocket';
    guard(hosted.connection, () => {
      if (isWebSocket) hosted.upgrade(req, head);
      else hosted.connection.post(bad(400));
    });
  }

  listen(port: number, host?: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const server = this.#front.server(port);
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', reject);
        this.#servers.push(server);
        const address = server.address() as AddressInfo;
        this.emit('listening', address);
        resolve(address);
      });
    });
  }

  async close(ms = drainMs): Promise<void> {
    for (const server of this.#servers.splice(0)) server.close();
    await this.#front.drain(ms);
    this.emit('close');
  }

  /** Takes over a connection of another server at its first request. null: there are too many, and it has been ended. */
  #hostedOn(socket: Socket): HostedConnection | null {
    const known = this.#hosted.get(socket);
    if (known !== undefined) return known;
    const connection = this.#front.host(socket);
    if (connection !== null) this.#hosted.set(socket, connection);
    return connection;
  }
}

function frontSite(name: string, given: string | FrontProxySite): FrontSite {
  const site = typeof given === 'string' ? { target: given } : given;
  if (!/^[A-Za-z0-9*][A-Za-z0-9_.-]*$/.test(name))
    throw new HostdError('usage', `cannot use site name "${name}": it can be no host name`);
  return {
    name,
    serverNames: [...(name.includes('.') ? [name] : []), ...(site.hosts ?? [])],
    address: parseAddress(site.target, `the target of "${name}"`),
    locations: Object.entries(site.files ?? {}).map(([prefix, alias]) => ({
      prefix: withSlash(prefix),
      alias: withSlash(alias),
      expires: null,
    })),
    clientMaxBodySize: site.maxBodySize ?? 0,
    keepalive: site.keepAlive ?? true,
    queueMs: site.waitMs ?? 0,
  };
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
