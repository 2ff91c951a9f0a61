// The notes that subjects write when they start: name, process, and time to the nanosecond.

import { readFileSync, statSync } from 'node:fs';
import { until } from '../../integration/harness/until.ts';
import { native } from '../../src/native/index.ts';

export interface Stamp {
  readonly name: string;
  readonly pid: number;
  /** CLOCK_MONOTONIC, as process.hrtime.bigint(). */
  readonly at: bigint;
}

export class Stamps {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** In the order of their starts. */
  all(): Stamp[] {
    if (!statSync(this.file, { throwIfNoEntry: false })) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1);
    return lines.map(line => {
      const [name = '', pid = '', at = ''] = line.split(' ');
      return { name, pid: Number(pid), at: BigInt(at) };
    });
  }

  /** Waits until there are `count`. Each time is the subject's own, however late it is read. */
  async reach(count: number, timeout = 20_000): Promise<Stamp[]> {
    return await until(`${count} starts (${this.all().length} so far)`, () => this.#atLeast(count), {
      timeout,
      every: 5,
    });
  }

  #size = 0;

  #atLeast(count: number): Stamp[] | null {
    const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size === this.#size) return null;
    const stamps = this.all();
    if (stamps.length >= count) return stamps;
    this.#size = size;
    return null;
  }
}

/** Resolves when all of these processes have ended. A zombie has. The kernel tells: pidfd_open(2). */
export async function ended(pids: readonly number[], timeout: number): Promise<void> {
  const waits = pids.map(
    pid =>
      new Promise<void>(resolve => {
        try {
          native.watch(native.pidfdOpen(pid), resolve);
        } catch {
          resolve();
        }
      }),
  );
  let late: NodeJS.Timeout | undefined;
  const timer = new Promise<never>((_, reject) => {
    late = setTimeout(
      () => reject(new Error(`${pids.length} processes have not ended in ${timeout} ms`)),
      timeout,
    );
  });
  await Promise.race([Promise.all(waits), timer]);
  clearTimeout(late);
}

/** Seconds from one moment of process.hrtime.bigint() to another, or to now. */
export function secondsSince(start: bigint, end = process.hrtime.bigint()): number {
  return Number(end - start) / 1e9;
}
