// The connections to one app: a request gets an idle one, or a new one, or waits its turn while the app restarts. Knows
// nothing of what is sent on them.

import { errnoOf } from '../../errors.ts';
import { Budget } from '../budget.ts';
import { refusalOf } from '../files/refusal.ts';
import { guarded } from '../guard.ts';
import type { Limits } from '../limits.ts';
import { type Address, AppConnection } from './app-connection.ts';
import { doubtSocket } from './app-path.ts';
import type { Backend, Got, Searching, Seeker } from './backend.ts';
import { Pending } from './pending.ts';

/** Errors of a socket that is absent, refuses, or has a full backlog: the app is starting or busy, so waiting is worth it. */
const passing: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

const firstDelayMs = 5;
const lastDelayMs = 250;

export class AppConnections implements Backend {
  readonly address: Address;
  readonly limits: Limits;
  /** Requests that wait for a connection. */
  readonly waiting: Budget;
  readonly pending: Pending;
  #idle: AppConnection[] = [];

  /** `noted`: see Pending. */
  constructor(address: Address, limits: Limits, noted: Uint32Array | null = null) {
    this.address = address;
    this.limits = limits;
    this.pending = new Pending(noted);
    this.waiting = new Budget({ all: limits.queueLength, each: limits.queuePerClient });
  }

  get(reuse: boolean, seeker: Seeker): Search | null {
    const connection = (reuse ? this.takeIdle() : null) ?? this.open();
    if (!connection.isConnected) return new Search(this, connection, seeker);
    seeker.got({ kind: 'connection', connection }, 0);
    return null;
  }

  open(): AppConnection {
    return new AppConnection(this.address, this.limits);
  }

  put(connection: AppConnection): void {
    if (!connection.reusable || this.#idle.length >= this.limits.upstreamIdleConnections) {
      connection.destroy();
      return;
    }
    connection.pool = this;
    connection.setIdle(this.limits.upstreamIdleMs);
    this.#idle.push(connection);
  }

  /** An idle connection can be used no more. */
  drop(connection: AppConnection): void {
    this.#idle = this.#idle.filter(other => other !== connection);
  }

  /** An app has one socket, and nobody else to ask. */
  lost(): boolean {
    return false;
  }

  /** A connection that waits for a request; null: none does. */
  takeIdle(): AppConnection | null {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) return null;
      idle.pool = null;
      if (idle.reusable) return idle;
    }
  }
}

/** Tries to connect again and again, as long as that is worth it. */
export class Search implements Searching {
  readonly #connections: AppConnections;
  readonly #seeker: Seeker;
  #attempt: AppConnection | null = null;
  #delay = firstDelayMs;
  #timer: NodeJS.Timeout | null = null;
  #isCounted = false;
  #waitsSince: number | null = null;

  constructor(connections: AppConnections, attempt: AppConnection, seeker: Seeker) {
    this.#connections = connections;
    this.#seeker = seeker;
    this.#await(attempt);
  }

  giveUp(): number {
    this.#leave();
    this.#attempt?.destroy();
    this.#attempt = null;
    return this.#waited();
  }

  #await(attempt: AppConnection): void {
    this.#attempt = attempt;
    if (attempt.isConnected) this.#settle({ kind: 'connection', connection: attempt });
    else attempt.onConnected = guarded(this.#seeker, error => this.#tried(attempt, error));
  }

  #tried(attempt: AppConnection, error: Error | null): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = null;
    if (error === null) this.#settle({ kind: 'connection', connection: attempt });
    else this.#failed(error);
  }

  #failed(error: Error): void {
    const { address, limits, waiting } = this.#connections;
    if (typeof address === 'string') doubtSocket(address);
    const code = errnoOf(error) ?? '';
    const why =
      typeof address === 'string' && code === 'EACCES'
        ? refusalOf('connect to', Buffer.from(address).toString('latin1'), code)
        : `cannot connect to ${addressText(address)}: ${error.message}`;
    if (!passing.has(code)) {
      this.#settle({ kind: 'failed', why, status: 502 });
      return;
    }
    if (this.#seeker.isHasty && code !== 'EAGAIN') {
      this.#settle({ kind: 'busy', why });
      return;
    }
    const patience = code === 'EAGAIN' ? limits.queueMs : Math.min(limits.absentMs, limits.queueMs);
    if (this.#waited() + this.#delay > patience) {
      this.#settle({ kind: 'busy', why });
      return;
    }
    const { network } = this.#seeker;
    if (!this.#isCounted && !waiting.take(network, 1)) {
      const whom = waiting.refusal(network, 1) === 'one' ? ' of one address' : '';
      this.#settle({ kind: 'busy', why: `too many requests${whom} wait already; ${why}` });
      return;
    }
    this.#isCounted = true;
    this.#waitsSince ??= performance.now();
    const again = () => this.#await(this.#connections.open());
    this.#timer = setTimeout(guarded(this.#seeker, again), this.#delay);
    this.#delay = Math.min(this.#delay * 2, lastDelayMs);
  }

  #settle(got: Got): void {
    this.#leave();
    this.#seeker.got(got, this.#waited());
  }

  #waited(): number {
    return this.#waitsSince === null ? 0 : performance.now() - this.#waitsSince;
  }

  #leave(): void {
    if (this.#isCounted) this.#connections.waiting.give(this.#seeker.network, 1);
    this.#isCounted = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function addressText(address: Address): string {
  return typeof address === 'string' ? address : `${address.host}:${address.port}`;
}
