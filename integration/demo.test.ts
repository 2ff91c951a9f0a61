// npm run demo, as somebody would use it: the first time, the second time, with Ctrl-C, and removed again.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const script = join(import.meta.dirname, '../scripts/demo.sh');

interface Demo {
  readonly output: () => string;
  readonly interrupt: () => void;
  readonly ended: Promise<number | null>;
}

/** In a process group of its own, as a terminal would have it. */
function demo(...args: string[]): Demo {
  const child = spawn('sh', [script, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  return {
    output: () => output,
    interrupt: () => void process.kill(-(child.pid ?? 0), 'SIGINT'),
    ended: new Promise(resolve => child.on('close', resolve)),
  };
}

test('the demo serves both sites, again without delay, ends with Ctrl-C, and can be removed', {
  skip: needsVirtualenv('recent'),
  // It makes two virtualenvs, from the network.
}, async t => {
  const dir = `${makePlace(t).dir}/demo`;

  const first = demo('--once', '--dir', dir);
  assert.equal(await first.ended, 0, first.output());
  assert.equal(first.output().match(/: fine$/gm)?.length, 4, first.output());
  assert.match(first.output(), /nothing is left running/);

  const second = demo('--dir', dir);
  await until('the demo to be ready', () => second.output().includes('Ctrl-C stops everything'), {
    timeout: 120_000,
  });
  second.interrupt();
  assert.equal(await second.ended, 0, second.output());
  assert.doesNotMatch(second.output(), /virtualenv|migrate/);
  assert.match(second.output(), /nothing is left running/);

  const removal = demo('--remove', '--dir', dir);
  assert.equal(await removal.ended, 0, removal.output());
  assert.equal(existsSync(dir), false);
});
