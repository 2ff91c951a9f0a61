import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { thisMachine } from './machine.ts';

test('users and groups are found by name and by number', () => {
  assert.equal(thisMachine.user('root')?.uid, 0);
  assert.equal(thisMachine.user('0')?.uid, 0);
  assert.equal(thisMachine.group('root')?.gid, 0);
  assert.equal(thisMachine.group('0')?.gid, 0);
  assert.equal(thisMachine.user('no-such-user'), null);
  assert.equal(thisMachine.group('no-such-group'), null);
});

test('files are told from directories, through links, and from what is not there', t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-machine-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file');
  writeFileSync(file, '', { mode: 0o644 });
  symlinkSync(file, join(directory, 'link'));
  symlinkSync('nowhere', join(directory, 'dangling'));
  assert.equal(thisMachine.kind(directory), 'directory');
  assert.equal(thisMachine.kind(join(directory, 'link')), 'file');
  assert.equal(thisMachine.kind(join(directory, 'dangling')), 'missing');
  assert.equal(thisMachine.kind(`${file}/below`), 'missing');
  assert.equal(thisMachine.kind('/dev/null'), 'other');
  assert.equal(thisMachine.isExecutable(file), false);
  chmodSync(file, 0o755);
  assert.equal(thisMachine.isExecutable(join(directory, 'link')), true);
  assert.equal(thisMachine.isExecutable(directory), false);
});
