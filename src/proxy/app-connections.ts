// The connections to one app: a request gets an idle one, or a new one, or waits its turn while the app restarts. Knows
// nothing of what is sent on them.

import { errnoOf } from '../errors.ts';
import { type Address, AppConnection } from './app-connection.ts';
import { doubtSocket } from './app-path.ts';
import type { Limits } from './limits.ts';

/** A socket that is absent, refuses or has a full backlog: the app is starting, restarting or busy, so it is worth waiting. */
const passing: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

const firstDelayMs = 5;
const lastDelayMs = 250;

export type Got =
  | { readonly kind: 'connection'; readonly connection: AppConnection }
  /** Waited in vain, or too many wait already: 503. */
  | { readonly kind: 'busy'; readonly why: string }
  /** Nothing that waiting mends: 502. */
  | { readonly kind: 'failed'; readonly why: string };

/** `waitedMs`: 0 where the first attempt was the last one. */
export type Give = (got: Got, waitedMs: number) => void;
/** Returns the milliseconds that were waited. */
export type GiveUp = () => number;

export class AppConnections {
  readonly #address: Address;
  readonly #limits: Limits;
  #idle: AppConnection[] = [];
  #waiting = 0;

  constructor(address: Address, limits: Limits) {
    this.#address = address;
    this.#limits = limits;
  }

  /** Calls `give` once, at once for an idle connection. The function that it returns gives up: then `give` isn't called. */
  get(reuse: boolean, give: Give): GiveUp {
    const idle = reuse ? this.#takeIdle() : null;
    if (idle === null) return this.#connect(give);
    give({ kind: 'connection', connection: idle }, 0);
    return () => 0;
  }

  /** Takes back a connection whose answer was read to its clean end, for the next request. */
  put(connection: AppConnection): void {
    if (!connection.reusable || this.#idle.length >= this.#limits.upstreamIdleConnections) {
      connection.destroy();
      return;
    }
    connection.onIdleEnd = () => {
      this.#idle = this.#idle.filter(other => other !== connection);
    };
    connection.setIdle(this.#limits.upstreamIdleMs);
    this.#idle.push(connection);
  }

  #takeIdle(): AppConnection | null {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) return null;
      idle.onIdleEnd = null;
      if (idle.reusable) return idle;
    }
  }

  #connect(give: Give): GiveUp {
    const { queueMs, absentMs } = this.#limits;
    let delay = firstDelayMs;
    let timer: NodeJS.Timeout | null = null;
    let queued = false;
    let queuedAt: number | null = null;
    let attempt: AppConnection | null = null;
    const leave = (): void => {
      if (queued) this.#waiting--;
      queued = false;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    };
    const waited = (): number => (queuedAt === null ? 0 : performance.now() - queuedAt);
    const settle = (got: Got): void => {
      leave();
      give(got, waited());
    };
    const failed = (error: Error): void => {
      if (typeof this.#address === 'string') doubtSocket(this.#address);
      const why = `cannot connect to ${addressText(this.#address)}: ${error.message}`;
      if (!passing.has(errnoOf(error) ?? '')) {
        settle({ kind: 'failed', why });
        return;
      }
      const patience = errnoOf(error) === 'EAGAIN' ? queueMs : Math.min(absentMs, queueMs);
      if (waited() + delay > patience) {
        settle({ kind: 'busy', why });
        return;
      }
      if (!queued && this.#waiting >= this.#limits.queueLength) {
        settle({ kind: 'busy', why: `${this.#waiting} requests wait already; ${why}` });
        return;
      }
      if (!queued) this.#waiting++;
      queued = true;
      queuedAt ??= performance.now();
      timer = setTimeout(tryOnce, delay);
      delay = Math.min(delay * 2, lastDelayMs);
    };
    const tryOnce = (): void => {
      const connection = new AppConnection(this.#address, this.#limits, error => {
        if (attempt !== connection) return;
        attempt = null;
        if (error === null) settle({ kind: 'connection', connection });
        else failed(error);
      });
      attempt = connection;
    };
    tryOnce();
    return () => {
      leave();
      attempt?.destroy();
      attempt = null;
      return waited();
    };
  }
}

function addressText(address: Address): string {
  return typeof address === 'string' ? address : `${address.host}:${address.port}`;
}
