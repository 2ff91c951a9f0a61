import assert from 'node:assert/strict';
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Exit, type Realized } from '../../supervisord/config/options.ts';
import { makePlace, removePlace } from './place.ts';

test('a place is made for its configuration, and refused where another user was there first', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-place-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 's.conf');
  writeFileSync(file, '');
  const make = (uid: number | null) =>
    makePlace({ file, pidfile: '/run/s.pid', uid } as Realized, { HOSTD_RUNTIME_DIR: directory });
  const place = make(null);
  assert.equal(make(null), place);
  assert.equal(statSync(make(65534)).uid, 65534, 'of the user that supervisord is to be');
  assert.equal(make(65534), make(65534));
  chownSync(place, 65534, -1);
  assert.throws(
    () => make(null),
    error =>
      error instanceof Exit &&
      error.code === 2 &&
      error.stderr.startsWith(
        `Error: cannot keep anything in "${place}": it belongs to uid 65534\n  try: HOSTD_RUNTIME_DIR=`,
      ),
  );
  removePlace(place);
  assert.equal(make(null), place);
});
