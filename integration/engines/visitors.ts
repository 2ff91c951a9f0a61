// Visitors for as long as a test lasts: one load after the other, since each is bounded.

import assert from 'node:assert/strict';
import { type Load, startLoad } from '../harness/load.ts';
import { until } from '../harness/until.ts';

/** Milliseconds of one load. */
const each = 30_000;

export function startVisitors(port: number, host: string) {
  const totals = { requests: 0, ok: 0, longestMs: 0 };
  const failures: unknown[] = [];
  let load: Load | null = null;
  let isOver = false;
  let wake = () => {};
  const work = (async () => {
    while (!isOver) {
      load = startLoad({ to: { port }, host, clients: 3, atMost: 60_000, pause: 10 });
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, each);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const { requests, ok, longestMs, seconds: _, ...rest } = await load.stop();
      totals.requests += requests;
      totals.ok += ok;
      totals.longestMs = Math.max(totals.longestMs, longestMs);
      if (requests !== ok) failures.push(rest);
    }
  })();
  const end = async () => {
    isOver = true;
    wake();
    await work;
  };
  return {
    /** Waits until some more of them have been served. */
    async served() {
      const sum = () => totals.ok + (load?.report().ok ?? 0);
      let before = sum();
      await until(
        'visitors to be served',
        () => {
          before = Math.min(before, sum());
          return sum() > before + 30;
        },
        { timeout: 300_000 },
      );
    },
    end,
    /** Ends them. Fails if any of them was not answered, with what the log of errors says. */
    async stop(errorLog: () => Promise<string>) {
      await end();
      if (failures.length > 0) assert.fail(`${JSON.stringify(failures)}\n${await errorLog()}`);
      return totals;
    },
  };
}
