// The figures of the contenders of one row: medians of their rounds, and the lines that show them. Pure.

import { median } from '../supervision/figures.ts';
import type { Load } from './wrk-output.ts';

export interface Round extends Load {
  /** Of all the contender's processes, in seconds. */
  readonly cpuSeconds: number;
}

export interface Result {
  readonly name: string;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicroseconds: number;
  readonly bad: number;
}

/** Medians, since another program's burst spoils one round. */
export function summarise(name: string, rounds: readonly Round[]): Result {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  return {
    name,
    rate: middle(round => round.rate),
    p50: middle(round => round.p50),
    p99: middle(round => round.p99),
    cpuMicroseconds: middle(round => (round.cpuSeconds * 1e6) / round.requests),
    bad: rounds.reduce((sum, round) => sum + round.bad, 0),
  };
}

/** Ratios are to the nginx of the same row. */
export function table(what: string, results: readonly Result[]): string {
  const base = results.find(({ name }) => name === 'nginx');
  const lines = results.map(({ name, rate, p50, p99, cpuMicroseconds, bad }) =>
    [
      `  ${name.padEnd(14)}`,
      `${Math.round(rate)}/s`.padStart(9),
      (base === undefined ? '' : (rate / base.rate).toFixed(2)).padStart(7),
      `p50 ${p50.toFixed(2)} ms`.padStart(15),
      `p99 ${p99.toFixed(2)} ms`.padStart(15),
      `${cpuMicroseconds.toFixed(0)} µs CPU`.padStart(13),
      bad === 0 ? '' : `  ${bad} BAD`,
    ].join(''),
  );
  return [what, ...lines].join('\n');
}
