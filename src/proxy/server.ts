// The listening side: node:http faces the network, its connections become Connections, and their number is bounded.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { unmapped } from './client-address.ts';
import { Connection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { ForwardOptions } from './forward.ts';
import { readRequestHead } from './request-head.ts';
import { serve as serveSites } from './serve.ts';
import { upgrade } from './tunnel.ts';
import type { Worker } from './worker.ts';

/** What answers a request; `tunnel` is there for a WebSocket's. */
export type ServeAny = (exchange: Exchange, tunnel?: ForwardOptions['tunnel']) => void;

/** When fewer are free, idle ones are ended: a closed connection counts until the kernel has said so. */
const spareConnections = 32;

/** All open connections of the worker. */
export class Connections {
  readonly #worker: Worker;
  readonly #all = new Set<Connection>();
  readonly #bySocket = new WeakMap<Socket, Connection>();
  readonly #perClient = new Map<string, number>();
  /** Sockets that TLS is spoken by, on connections that were let in before. */
  readonly #secured = new WeakSet<Socket>();
  /** Connections whose handshake is not done. */
  readonly #shaking = new Set<Socket>();
  /** Connections that were let in and have not closed. */
  #open = 0;
  readonly serve: ServeAny;
  /** Called when the last one has ended. */
  onEmpty: (() => void) | null = null;

  /** `serve`: in development, something is asked before the sites are. */
  constructor(worker: Worker, serve: ServeAny = serveSites) {
    this.#worker = worker;
    this.serve = serve;
  }

  /** Handshakes count too. Of the two sockets of a TLS connection, the one below closes first. */
  get size(): number {
    return Math.max(this.#open, this.#all.size);
  }

  of(socket: Socket): Connection | undefined {
    return this.#bySocket.get(socket);
  }

  /** Counts a new connection until it closes, or ends it when its client, or all clients together, have too many. */
  admit(socket: Socket): boolean {
    const { limits, isTrusted } = this.#worker;
    const address = unmapped(socket.remoteAddress ?? '');
    const client = isTrusted?.(address) ? null : clientOf(address);
    const count = client === null ? 0 : (this.#perClient.get(client) ?? 0);
    const spare = Math.min(spareConnections, limits.connections >> 3);
    if (this.#open >= limits.connections - spare) this.#makeRoom(Math.max(1, spare));
    if (count >= limits.connectionsPerClient || this.#open >= limits.connections) {
      socket.destroy();
      return false;
    }
    this.#open++;
    if (client !== null) this.#perClient.set(client, count + 1);
    socket.once('close', () => {
      this.#open--;
      if (client !== null) this.#leave(client);
      if (this.size === 0) this.onEmpty?.();
    });
    return true;
  }

  /** The same for a connection that begins with a handshake. */
  admitShaking(socket: Socket): boolean {
    if (!this.admit(socket)) return false;
    this.#shaking.add(socket);
    socket.once('close', () => this.#shaking.delete(socket));
    return true;
  }

  /** The handshake of a connection that was admitted is done: `below` is what it was admitted as. */
  secured(socket: Socket, below: Socket): void {
    this.#shaking.delete(below);
    this.#secured.add(socket);
  }

  /** Serves a connection, if it is, or has been, admitted. */
  add(socket: Socket, localPort: number): void {
    if (!this.#secured.has(socket) && !this.admit(socket)) return;
    this.#worker.connections++;
    const connection = new Connection(this.#worker, socket, localPort, this.serve);
    this.#all.add(connection);
    this.#bySocket.set(socket, connection);
    socket.once('close', () => {
      this.#all.delete(connection);
      if (this.size === 0) this.onEmpty?.();
    });
    if (this.#worker.draining) connection.drain(true);
  }

  closeIdle(): void {
    this.#makeRoom(Number.POSITIVE_INFINITY);
  }

  /** Ends so many of those that are idle, the oldest first. */
  #makeRoom(most: number): void {
    let left = most;
    // Who has not even finished a handshake goes first.
    for (const socket of this.#shaking) {
      socket.destroy();
      if (--left === 0) return;
    }
    for (const connection of this.#all) {
      if (connection.closeIfIdle() && --left === 0) return;
    }
  }

  drain(patient: boolean): void {
    for (const connection of this.#all) connection.drain(patient);
  }

  destroyAll(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #leave(client: string): void {
    const count = (this.#perClient.get(client) ?? 1) - 1;
    if (count === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, count);
  }
}

/** One IPv6 client has a whole /64 to choose addresses from. */
function clientOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // "::" stands for as many zeros as are missing.
  if (tail !== undefined) {
    const last = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + last < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}

export function makeServer(worker: Worker, connections: Connections, localPort: number): Server {
  const { limits } = worker;
  const server = createServer({
    // The request line and the fields together; which of the two was too long is told apart later.
    maxHeaderSize: limits.requestLine + limits.headerTotal,
    requireHostHeader: false, // looked at with everything else, for the same page and the same log
    insecureHTTPParser: false,
    headersTimeout: limits.headerMs,
    requestTimeout: 0, // a 4 GB upload may take its time; its gaps are bounded
    keepAliveTimeout: limits.idleMs,
    keepAliveTimeoutBuffer: 0,
    connectionsCheckingInterval: 1000,
    noDelay: true,
    keepAlive: true,
    shouldUpgradeCallback: req => mayUpgrade(worker, connections, req),
  });
  // A limit here makes older Node cut the list short and keep the framing of what it cut (CVE-2026-58044).
  server.maxHeadersCount = 0;
  server.timeout = limits.writeGapMs;
  // Otherwise node:http ends our half as soon as the client ends its own.
  Object.assign(server, { httpAllowHalfOpen: true });

  server.on('connection', socket => connections.add(socket, localPort || (socket.localPort ?? 0)));
  server.on('request', (req, res) => connections.of(req.socket)?.take(req, res));
  server.on('checkContinue', (req, res) => connections.of(req.socket)?.take(req, res));
  server.on('checkExpectation', (req, res) => connections.of(req.socket)?.take(req, res));
  server.on('connect', (_req, socket) => connections.of(socket as Socket)?.fail(405));
  server.on('upgrade', (req: IncomingMessage, stream, head) => {
    const connection = connections.of(stream as Socket);
    if (connection !== undefined) upgrade(connection, req, head, connections.serve);
  });
  server.on('timeout', socket => connections.of(socket)?.timedOut());
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, stream) => {
    const connection = connections.of(stream as Socket);
    const status = statusOf(error);
    if (status === 'ignore') return;
    if (status === 'destroy' || connection === undefined) stream.destroy();
    else connection.fail(status);
  });
  return server;
}

/** Only a plain WebSocket handshake leaves HTTP; any other Upgrade is an ordinary request (RFC 9110 section 7.8). */
function mayUpgrade(worker: Worker, connections: Connections, req: IncomingMessage): boolean {
  if (req.method !== 'GET' || req.httpVersion !== '1.1') return false;
  if (connections.of(req.socket)?.active !== null) return false;
  const head = readRequestHead(req.rawHeaders, req.httpVersion, worker.limits);
  return (
    !('refuse' in head) && head.upgrade === 'websocket' && !head.chunked && (head.contentLength ?? 0) === 0
  );
}

function statusOf(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): number | 'destroy' | 'ignore' {
  switch (error.code) {
    case 'HPE_CLOSED_CONNECTION': // bytes after "Connection: close"
      return 'ignore';
    case 'HPE_HEADER_OVERFLOW':
      return error.rawPacket?.subarray(0, 8192).includes('\n') === false ? 414 : 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'HPE_INVALID_VERSION':
      return /^[^\n]* HTTP\/[2-9]\.\d\r?\n/.test(error.rawPacket?.toString('latin1', 0, 8192) ?? '')
        ? 505
        : 400;
    default:
      return error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE' ? 400 : 'destroy';
  }
}
