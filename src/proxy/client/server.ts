// The listening side: each accepted socket becomes a Connection with a reader of its requests. The number of both is bounded.

import { createServer, type Server, type Socket } from 'node:net';
import { Budget, whose } from '../budget.ts';
import { bearerOf, guard } from '../guard.ts';
import { networkOf, unmapped } from '../http/client-address.ts';
import { serve as serveSites } from '../request/serve.ts';
import type { Worker } from '../worker.ts';
import { Connection, type Serve, type Times, timesOf } from './connection.ts';
import { RequestReader } from './request-reader.ts';

/** When fewer connections are free, idle ones are ended: a closed connection counts until the kernel has reported it. */
const spareConnections = 32;

/** All open connections of the worker. */
export class Connections {
  readonly #worker: Worker;
  readonly #all = new Set<Connection>();
  readonly #perClient = new Map<string, number>();
  /** TLS sockets on connections that were admitted before. */
  readonly #secured = new WeakSet<Socket>();
  /** Connections whose handshake is not done. */
  readonly #shaking = new Map<Socket, string>();
  readonly #handshakes: Budget;
  /** Connections that were admitted and have not closed. */
  #open = 0;
  readonly serve: Serve;
  readonly #times: Times;
  /** Called when the last connection has ended. */
  onEmpty: (() => void) | null = null;

  /** `serve`: in development, another answer may come before the sites'. */
  constructor(worker: Worker, serve: Serve = serveSites) {
    this.#worker = worker;
    this.serve = serve;
    this.#times = timesOf(worker.limits);
    const { handshakes, handshakesPerClient } = worker.limits;
    this.#handshakes = new Budget({ all: handshakes, each: handshakesPerClient }, full =>
      worker.notices.say(
        'handshakes',
        `TLS handshakes ${whose(full)} have reached their bound: some are cut off`,
      ),
    );
  }

  /** Counts handshakes too. Of the two sockets of a TLS connection, the lower one closes first. */
  get size(): number {
    return Math.max(this.#open, this.#all.size);
  }

  /** Counts a new connection until it closes, or ends it when its client, or all clients together, have too many. */
  admit(socket: Socket): boolean {
    const { limits, isTrusted } = this.#worker;
    const address = unmapped(socket.remoteAddress ?? '');
    const client = isTrusted?.(address) ? null : networkOf(address);
    const count = client === null ? 0 : (this.#perClient.get(client) ?? 0);
    const spare = Math.min(spareConnections, limits.connections >> 3);
    if (this.#open >= limits.connections - spare) this.#makeRoom(Math.max(1, spare));
    if (count >= limits.connectionsPerClient || this.#open >= limits.connections) {
      const full = count >= limits.connectionsPerClient ? 'one' : 'all';
      this.#worker.notices.say(
        'connections',
        `connections ${whose(full)} have reached their bound: new ones are refused`,
      );
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

  /** The same for a connection that begins with a handshake. Of too many handshakes, the oldest are ended. */
  admitShaking(socket: Socket): boolean {
    if (!this.admit(socket)) return false;
    const network = networkOf(unmapped(socket.remoteAddress ?? ''));
    if (!this.#handshakes.take(network, 1)) {
      if (this.#handshakes.refusal(network, 1) === 'one') {
        socket.destroy();
        return false;
      }
      const [oldest] = this.#shaking.keys();
      if (oldest !== undefined) {
        this.#endShaking(oldest);
        oldest.destroy();
      }
      this.#handshakes.take(network, 1);
    }
    this.#shaking.set(socket, network);
    socket.once('close', () => this.#endShaking(socket));
    return true;
  }

  #endShaking(socket: Socket): void {
    const network = this.#shaking.get(socket);
    if (network === undefined) return;
    this.#shaking.delete(socket);
    this.#handshakes.give(network, 1);
  }

  /** The handshake of an admitted connection is done. `below`: the socket that was admitted. */
  secured(socket: Socket, below: Socket): void {
    this.#endShaking(below);
    this.#secured.add(socket);
  }

  /** Serves a connection that was admitted, or can be. `localPort` 0: the port that the socket names. */
  serveOn(socket: Socket, localPort: number): void {
    if (!this.#secured.has(socket) && !this.admit(socket)) return;
    const { serve } = this;
    const port = localPort || (socket.localPort ?? 0);
    const connection = new Connection(this.#worker, socket, port, serve, this.#times);
    connection.start(new RequestReader(connection, this.#worker.limits));
    this.add(connection);
  }

  /** Adds a connection to those that are drained. */
  add(connection: Connection): void {
    this.#all.add(connection);
    connection.socket.once('close', () => {
      this.#all.delete(connection);
      if (this.size === 0) this.onEmpty?.();
    });
    if (this.#worker.draining) connection.drain(true);
  }

  closeIdle(): void {
    this.#makeRoom(Number.POSITIVE_INFINITY);
  }

  /** Ends up to `most` idle connections, the oldest first. */
  #makeRoom(most: number): void {
    let left = most;
    // Connections that have not finished their handshake go first.
    for (const socket of this.#shaking.keys()) {
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

/** A server for connections that come in by `localPort`; it does not listen yet. */
export function makeServer(connections: Connections, localPort: number): Server {
  return createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, socket =>
    guard(bearerOf(socket), () => connections.serveOn(socket, localPort)),
  );
}
