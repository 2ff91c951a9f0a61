// Asks each upstream of a site for its health, again and again, by a connection of its own for each question.

import type { UpstreamHealth } from '../../model/host.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Limits } from '../limits.ts';
import { type AnswerFailure, type AnswerReader, AppConnection } from './app-connection.ts';
import type { Address } from './app-socket.ts';
import type { Upstreams } from './upstreams.ts';

/** Milliseconds for one answer. */
const longestAnswer = 10_000;

/** `isOver`: whether nobody needs the answers any more. */
export function watchHealth(
  upstreams: Upstreams,
  addresses: readonly Address[],
  health: UpstreamHealth,
  limits: Limits,
  isOver: () => boolean,
): void {
  const bad = addresses.map(() => 0);
  const ask = (place: number, address: Address): void => {
    if (isOver()) return;
    const told = (why: string | null): void => {
      const count = why === null ? 0 : (bad[place] ?? 0) + 1;
      bad[place] = count;
      if (why === null || count >= health.failures) upstreams.setHealth(place, why);
      setTimeout(() => ask(place, address), health.interval * 1000).unref();
    };
    new Question(address, health, limits, told);
  };
  for (const [place, address] of addresses.entries()) ask(place, address);
}

/** One question. `told` is called once: null: the answer is good. */
class Question implements AnswerReader {
  readonly siteNumber = 0;
  readonly #connection: AppConnection;
  readonly #told: (why: string | null) => void;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(address: Address, health: UpstreamHealth, limits: Limits, told: (why: string | null) => void) {
    this.#told = told;
    this.#connection = new AppConnection(address, limits);
    this.#connection.onConnected = error => {
      if (error === null) this.#begin(health);
      else this.#end(`health: ${error.message}`);
    };
    this.#timer = setTimeout(
      () => this.#end(`health: no answer within ${longestAnswer / 1000} s`),
      longestAnswer,
    );
    this.#timer.unref();
  }

  #begin({ path, host }: UpstreamHealth): void {
    this.#connection.begin(this);
    this.#connection.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: hostd-probe\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`,
    );
  }

  #end(why: string | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#connection.onConnected = null;
    this.#connection.destroy();
    this.#told(why);
  }

  /** The status says all. */
  head({ status }: ResponseHead): 'no-body' {
    this.#end(status >= 200 && status < 400 ? null : `health: HTTP ${status}`);
    return 'no-body';
  }

  whole(): void {}
  piece(): void {}
  flush(): void {}
  end(): void {}

  failed({ why }: AnswerFailure): void {
    this.#end(`health: ${why}`);
  }

  broke(error: unknown): void {
    this.#end(`health: ${String(error)}`);
  }
}
