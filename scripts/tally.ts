// A reporter of node:test that writes one JSON object, the run's Tally, when all files are done.

import type { TestEvent } from 'node:test/reporters';
import type { Tally } from './tally-sum.ts';

export default async function* tally(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    // One summary comes for each file, and a last one, without a file, for the whole run.
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { tests, passed, skipped, todo } = event.data.counts;
    const failed = tests - passed - skipped - todo;
    yield JSON.stringify({ passed, failed, skipped: skipped + todo } satisfies Tally);
  }
}
