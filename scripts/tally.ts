// A reporter of node:test that writes one JSON object, the run's Tally, when all files are done.

import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import type { Failure, Skip, Tally } from './tally-sum.ts';

export default async function* tally(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: Skip[] = [];
  const failures: Failure[] = [];
  for await (const event of events) {
    if (event.type === 'test:pass') {
      const { name, file = '', skip, todo } = event.data;
      // Said without a reason, either is `true`.
      const why = skip ?? todo;
      if (why !== undefined && why !== false)
        skipped.push({
          file: relative('', file),
          name,
          why: typeof why === 'string' && why !== '' ? why : 'without a reason',
        });
      continue;
    }
    if (event.type === 'test:fail') {
      const { name, file = '', details } = event.data;
      if (details.type !== 'suite') failures.push({ file: relative('', file), name });
      continue;
    }
    // One summary comes for each file, and a last one, without a file, for the whole run.
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { tests, passed, skipped: left, todo } = event.data.counts;
    const failed = tests - passed - left - todo;
    yield JSON.stringify({ passed, failed, skipped, failures, unsteady: [] } satisfies Tally);
  }
}
