import assert from 'node:assert/strict';
import { chmodSync, fstatSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
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

test('a settled file is kept until it changes, in whatever way', async () => {
  const paths = ['same', 'text', 'mode', 'gone', 'link'].map(name => `${directory}/${name}`);
  for (const path of paths) writeFileSync(path, 'a');
  await new Promise(resolve => setTimeout(resolve, 2050));
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

test('a file is believed for a moment after it was looked at, unless something was done that may have changed it', async () => {
  const paths = ['moment', 'done'].map(name => `${directory}/${name}`);
  for (const path of paths) writeFileSync(path, 'a');
  await new Promise(resolve => setTimeout(resolve, 2050));
  for (const path of paths) take(path);
  const [moment = '', done = ''] = paths;
  const looked = performance.now();
  for (const path of paths) assert.equal(textOf(findKept(path)), 'a');
  for (const path of paths) writeFileSync(path, 'b');
  const found = textOf(findKept(moment));
  if (performance.now() - looked < 20) assert.equal(found, 'a');
  doubtKept();
  assert.equal(findKept(done), null);
  await new Promise(resolve => setTimeout(resolve, 25));
  assert.equal(findKept(moment), null);
});

test('a large file is not read into memory', () => {
  const path = `${directory}/large`;
  writeFileSync(path, 'a'.repeat(300_000));
  const file = take(path);
  assert.equal(file.content.kind, 'fd');
  assert.equal(file.size, 300_000);
});
