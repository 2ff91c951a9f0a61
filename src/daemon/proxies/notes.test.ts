import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { noteSize } from '../../protocol/note.ts';
import { dropNote, findNote, makeNote, sweepNotes } from './notes.ts';

const of = (name: string, run: number) => ({ name, run });

test('a note is found again by its run, with its sites, until it is dropped', t => {
  const directory = mkdtempSync(`${tmpdir()}/hostd-notes-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const fd = makeNote(directory, of('hostd-proxy:0', 3), ['a', 'b']);
  assert.equal(fstatSync(fd).size, noteSize(2));
  writeSync(fd, 'x', 0);
  closeSync(fd);
  const found = findNote(directory, of('hostd-proxy:0', 3)) ?? assert.fail();
  assert.deepEqual(found.sites, ['a', 'b']);
  closeSync(found.fd);
  assert.equal(findNote(directory, of('hostd-proxy:0', 4)), null);
  // One that was left behind is in nobody's way.
  closeSync(makeNote(directory, of('hostd-proxy:0', 3), ['c']));
  dropNote(directory, of('hostd-proxy:0', 3));
  assert.deepEqual(readdirSync(directory), []);
});

test('what is no list of names is no note, and only notes of live runs are kept', t => {
  const directory = mkdtempSync(`${tmpdir()}/hostd-notes-`);
  t.after(() => rmSync(directory, { recursive: true }));
  for (const run of [1, 2]) closeSync(makeNote(directory, of('p', run), ['a']));
  for (const text of ['', '{}', '[1]', 'null']) {
    writeFileSync(`${directory}/p.1.sites`, text);
    assert.equal(findNote(directory, of('p', 1)), null, text);
  }
  sweepNotes(directory, [of('p', 2)]);
  assert.deepEqual(readdirSync(directory).sort(), ['p.2', 'p.2.sites']);
  sweepNotes(`${directory}/nowhere`, []);
});
