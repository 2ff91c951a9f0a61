// run-files.ts CONCURRENCY TALLY FILE ...: runs test files, each in its own process, in the order given, and writes the run's Tally to the
// file TALLY. `node --test` would sort the files by name, and begin the longest when all others have ended.

import { createWriteStream } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import tally from './tally.ts';

const [concurrency, counted = '', ...files] = process.argv.slice(2);
const events = run({
  files,
  concurrency: Number(concurrency),
  isolation: 'process',
  // None may hang for ever.
  timeout: 600_000,
});
events.on('test:fail', () => {
  process.exitCode = 1;
});
events.compose(new spec()).pipe(process.stdout);
events.compose(tally).pipe(createWriteStream(counted));
