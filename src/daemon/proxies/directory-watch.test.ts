import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectoryWatch } from './directory-watch.ts';

const rates = { settling: 20, firstPause: 100, longestInVain: 2000, longest: 4000, calm: 60_000 };

function stage(t: TestContext, found: () => boolean = () => false) {
  const top = mkdtempSync(join(tmpdir(), 'hostd-watch-'));
  const [noisy, quiet] = [join(top, 'noisy'), join(top, 'quiet')];
  mkdirSync(noisy);
  mkdirSync(quiet);
  const looks: number[] = [];
  const watch = makeDirectoryWatch(async () => {
    looks.push(performance.now());
    return found();
  }, rates);
  watch.watch(new Set([noisy, quiet]));
  t.after(() => {
    watch.watch(new Set());
    rmSync(top, { recursive: true });
  });
  return { noisy, quiet, looks, watch };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 500, 'waited in vain');
    await sleep(10);
  }
}

test('a change is looked at, once for all that changes meanwhile, and the next one too', async t => {
  const { noisy, quiet, looks } = stage(t);
  for (const name of ['chain', 'key']) writeFileSync(join(noisy, name), '');
  writeFileSync(join(quiet, 'key'), '');
  await until(() => looks.length > 0);
  await sleep(50);
  assert.ok(looks.length <= 2);
  const before = looks.length;
  writeFileSync(join(quiet, 'key'), 'new');
  await until(() => looks.length > before);
});

test('a directory that does not come to rest is looked at ever less, and delays no other', async t => {
  const { noisy, quiet, looks } = stage(t);
  let going = true;
  const noise = (async () => {
    for (let number = 0; going; number++) {
      writeFileSync(join(noisy, `${number % 10}`), `${number}`);
      if (number % 50 === 0) await sleep(1);
    }
  })();
  await sleep(1500);
  // After 20 ms, then pauses of 100 (the first), 200, 400, 800 and so on.
  assert.ok(looks.length <= 6, `${looks.length} looks`);
  const before = looks.length;
  const begun = performance.now();
  writeFileSync(join(quiet, 'key'), 'new');
  await until(() => looks.length > before);
  assert.ok(performance.now() - begun < 1000);
  going = false;
  await noise;
});

test('what is not watched any more is not heard, and what comes to be there is when it is asked for again', async t => {
  const { noisy, quiet, looks, watch } = stage(t);
  const late = join(quiet, 'late');
  watch.watch(new Set([late]));
  writeFileSync(join(noisy, 'x'), '');
  mkdirSync(late);
  watch.watch(new Set([late]));
  await sleep(100);
  assert.equal(looks.length, 0);
  writeFileSync(join(late, 'key'), '');
  await until(() => looks.length === 1);
});
