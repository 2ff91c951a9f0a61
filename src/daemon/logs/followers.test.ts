import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFollowers } from './followers.ts';

test('a follower is told by any open file of the same log, also one that comes while it is being shifted', t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-followers-'));
  const [a, b] = [openSync(join(directory, 'log'), 'a'), openSync(join(directory, 'log'), 'r')];
  const other = openSync(join(directory, 'other'), 'a');
  t.after(() => {
    for (const fd of [a, b, other]) closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  const followers = makeFollowers();
  const heard: string[] = [];
  const follower = (name: string) => ({
    hold: () => void heard.push(`${name} holds`),
    goOn: (shift: { bytes: number } | null) => void heard.push(`${name} ${shift?.bytes ?? 'unchanged'}`),
  });
  const forget = followers.add(a, follower('one'));
  followers.add(other, follower('elsewhere'));
  followers.hold(b);
  followers.add(b, follower('late'));
  followers.goOn(b, { bytes: 7, dropped: 0, openCopy: () => null });
  followers.goOn(a, null);
  forget();
  followers.hold(a);
  const expected = [
    'one holds',
    'late holds',
    'one 7',
    'late 7',
    'one unchanged',
    'late unchanged',
    'late holds',
  ];
  assert.deepEqual(heard, expected);
  assert.equal(followers.any(other), true);
});
