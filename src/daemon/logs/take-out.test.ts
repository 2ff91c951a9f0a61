import assert from 'node:assert/strict';
import { appendFileSync, closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { takeOut } from './take-out.ts';

/** A log whose writers stop at try number `at`, and write a line between two tries. */
async function take(t: TestContext, at: number) {
  const directory = mkdtempSync('/tmp/hostd-take-out-');
  t.after(() => rmSync(directory, { recursive: true }));
  const [path, copyPath] = ['log', 'copy'].map(name => join(directory, name)) as [string, string];
  appendFileSync(path, 'first\n');
  const [log, copy] = [openSync(path, 'r+'), openSync(copyPath, 'w+')];
  t.after(() => [log, copy].map(fd => closeSync(fd)));
  let [tries, held] = [0, 0];
  const followers = { hold: () => held++, goOn: () => held-- };
  const stopper = {
    whileStopped(_: unknown, action: () => void) {
      tries += 1;
      if (tries >= at) action();
      else appendFileSync(path, `try ${tries}\n`);
    },
  };
  const rights = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const taking = { log, copy, rights, keep: 1e6, everything: true, writers: () => [] };
  const tools = { followers, stopper } as unknown as Parameters<typeof takeOut>[1];
  const ended = await takeOut(taking, tools).then(
    () => 'taken',
    (error: Error) => error.message,
  );
  return { ended, held, left: fstatSync(log).size, copied: readFileSync(copyPath, 'utf8') };
}

test('writers that do not stop at once are tried again, and what they write meanwhile is in the copy', async t => {
  const { ended, held, left, copied } = await take(t, 3);
  assert.deepEqual([ended, left, copied], ['taken', 0, 'first\ntry 1\ntry 2\n']);
  assert.equal(held, 1, 'followers wait until they are told what was taken');
});

test('of writers that never stop the log is left as it is', async t => {
  const { ended, held, left } = await take(t, 1000);
  assert.equal(ended, 'its writers do not stop for a moment');
  assert.ok(left > 'first\n'.length);
  assert.equal(held, 0);
});
