import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeRoom } from '../../lifecycle/rotation.ts';
import { applyMoves, backupsInPlace, closePlace, openPlace, type Place } from './place.ts';

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function withFiles(t: TestContext, names: readonly string[]): { place: Place; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-backups-'));
  for (const name of names) writeFileSync(join(directory, name), 'x');
  const place = openPlace(join(directory, 'log'), own);
  t.after(() => {
    closePlace(place);
    rmSync(directory, { recursive: true });
  });
  return { place, directory };
}

test('backups are what has their names, up to those to be kept and until the first gap beyond', t => {
  const { place } = withFiles(t, ['log', 'log.1', 'log.3.gz', 'log.4', 'log.5', 'log.7', 'log.x', 'other.2']);
  const named = (backups: number, beyond?: number) =>
    backupsInPlace(place, backups, beyond).map(({ index, zipped }) => `${index}${zipped ? '.gz' : ''}`);
  assert.deepEqual(named(3), ['1', '3.gz', '4', '5']);
  assert.deepEqual(named(3, 0), ['1', '3.gz']);
  assert.deepEqual(named(10), ['1', '3.gz', '4', '5', '7']);
});

test('of ten thousand false backups a rotation looks at some, and removes those', t => {
  const numbers = Array.from({ length: 10_000 }, (_, number) => number + 1);
  const { place, directory } = withFiles(
    t,
    numbers.map(number => `log.${number}`),
  );
  assert.equal(backupsInPlace(place, 10).length, 110);
  const { length: before } = readdirSync(directory);
  applyMoves(place, makeRoom(backupsInPlace(place, 10), 10));
  assert.equal(
    before - readdirSync(directory).length,
    101,
    'one makes room for the new one, and 100 were too many',
  );
});
