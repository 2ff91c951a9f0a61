import assert from 'node:assert/strict';
import { chmodSync, fstatSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, type TestContext, test } from 'node:test';
import { doubtKept, findKept, type ServedFile, takeFile } from './served-file.ts';

let directory = '';

before(() => {
  directory = mkdtempSync(`${tmpdir()}/served-file-`);
});

after(() => rmSync(directory, { recursive: true }));

function take(path: string): ServedFile {
  const fd = openSync(path, 'r');
  return takeFile(path, fd, fstatSync(fd));
}

function textOf(file: ServedFile | null): string | null {
  return file?.content.kind === 'text' ? file.content.text : null;
}

test('a file that has just changed is read again each time, since its next change might not show', () => {
  const path = `${directory}/fresh`;
  writeFileSync(path, 'a');
  assert.equal(textOf(take(path)), 'a');
  assert.equal(findKept(path), null);
});

/** Time that stands still. `pass` lets some milliseconds go by. */
function stopTime(t: TestContext) {
  const [wall, steady] = [Date.now(), performance.now()];
  let passed = 0;
  t.mock.method(Date, 'now', () => wall + passed);
  t.mock.method(performance, 'now', () => steady + passed);
  return {
    pass(ms: number) {
      passed += ms;
    },
  };
}

test('a settled file is kept until it changes, in whatever way', t => {
  const time = stopTime(t);
  const paths = ['same', 'text', 'mode', 'gone', 'link'].map(name => `${directory}/${name}`);
  for (const path of paths) writeFileSync(path, 'a');
  time.pass(2050);
  for (const path of paths) take(path);
  const [same = '', text = '', mode = '', gone = '', link = ''] = paths;
  writeFileSync(text, 'b');
  chmodSync(mode, 0);
  rmSync(gone);
  rmSync(link);
  symlinkSync(text, link);
  assert.equal(textOf(findKept(same)), 'a');
  for (const path of [text, mode, gone, link]) assert.equal(findKept(path), null, path);
});

test('a file is believed for a moment after it was looked at, unless something was done that may have changed it', t => {
  const time = stopTime(t);
  const paths = ['moment', 'done'].map(name => `${directory}/${name}`);
  for (const path of paths) writeFileSync(path, 'a');
  time.pass(2050);
  for (const path of paths) take(path);
  const [moment = '', done = ''] = paths;
  for (const path of paths) assert.equal(textOf(findKept(path)), 'a');
  for (const path of paths) writeFileSync(path, 'b');
  time.pass(19);
  assert.equal(textOf(findKept(moment)), 'a');
  doubtKept();
  assert.equal(findKept(done), null);
  time.pass(20);
  assert.equal(findKept(moment), null);
});

test('a large file is not read into memory', () => {
  const path = `${directory}/large`;
  writeFileSync(path, 'a'.repeat(300_000));
  const file = take(path);
  assert.equal(file.content.kind, 'fd');
  assert.equal(file.size, 300_000);
});
