import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDocument, openNameless } from './nameless.ts';

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hostd-nameless-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('a file without a name is empty, its owner’s alone, and no other process finds it', t => {
  const path = directory(t);
  const fd = openNameless(path);
  t.after(() => closeSync(fd));
  const { size, mode, nlink } = fstatSync(fd);
  assert.deepEqual([size, mode & 0o777, nlink, readdirSync(path)], [0, 0o600, 0, []]);
});

test('a document is read from its beginning, and cannot be written', t => {
  const fd = openDocument(directory(t), 'secret');
  t.after(() => closeSync(fd));
  assert.equal(readFileSync(fd, 'utf8'), 'secret');
  assert.throws(() => writeSync(fd, 'more'), { code: 'EBADF' });
});
