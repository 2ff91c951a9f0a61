// A reporter of node:test that writes one JSON object, the run's Tally, when all files are done.

import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import type { Skip, Tally } from './tally-sum.ts';

export default async function* tally(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: Skip[] = [];
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
    // One summary comes for each file, and a last one, without a file, for the whole run.
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { tests, passed, skipped: left, todo } = event.data.counts;
    yield JSON.stringify({ passed, failed: tests - passed - left - todo, skipped } satisfies Tally);
  }
}
