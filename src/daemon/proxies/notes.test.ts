import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { type TestContext, test } from 'node:test';
import { noteSize } from '../../protocol/note.ts';
import { dropNote, findNote, makeNote, type Places, sweepNotes } from './notes.ts';

const of = (name: string, run: number) => ({ name, run });

function places(t: TestContext): Places {
  const directory = mkdtempSync(`${tmpdir()}/hostd-notes-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const [notes, pipes] = [`${directory}/notes`, `${directory}/pipes`];
  for (const path of [notes, pipes]) mkdirSync(path);
  return { notes, pipes };
}

function close({ fd, facts }: { readonly fd: number; readonly facts: number | null }): void {
  closeSync(fd);
  if (facts !== null) closeSync(facts);
}

test('a note is found again by its run, with its sites, until it is dropped', t => {
  const { notes, pipes } = places(t);
  const at = { notes, pipes };
  const made = makeNote(at, of('hostd-proxy:0', 3), ['a', 'b']);
  assert.equal(fstatSync(made.fd).size, noteSize(2));
  writeSync(made.fd, 'x', 0);
  close(made);
  const found = findNote(at, of('hostd-proxy:0', 3)) ?? assert.fail();
  assert.deepEqual(found.sites, ['a', 'b']);
  close(found);
  assert.equal(findNote(at, of('hostd-proxy:0', 4)), null);
  // One that was left behind is in nobody's way.
  close(makeNote(at, of('hostd-proxy:0', 3), ['c']));
  dropNote(at, of('hostd-proxy:0', 3));
  assert.deepEqual([readdirSync(notes), readdirSync(pipes)], [[], []]);
});

test('what is said while nobody listens is heard by whoever listens next, and the end of the run after it', t => {
  const at = places(t);
  const { fd, facts } = makeNote(at, of('p', 1), ['a']);
  const first = findNote(at, of('p', 1)) ?? assert.fail();
  close(first);
  writeSync(facts, 'said to nobody');
  const next = findNote(at, of('p', 1)) ?? assert.fail();
  const text = Buffer.alloc(100);
  assert.equal(readSync(next.facts ?? -1, text), 14);
  assert.throws(() => readSync(next.facts ?? -1, text), { code: 'EAGAIN' });
  close({ fd, facts });
  assert.equal(readSync(next.facts ?? -1, text), 0);
  close(next);
});

test('the note of an older hostd has no facts to hear', t => {
  const at = places(t);
  close(makeNote(at, of('p', 1), ['a']));
  rmSync(`${at.pipes}/p.1.facts`);
  const found = findNote(at, of('p', 1)) ?? assert.fail();
  assert.equal(found.facts, null);
  close(found);
});

test('what is no list of names is no note, and only notes of live runs are kept', t => {
  const { notes, pipes } = places(t);
  const at = { notes, pipes };
  for (const run of [1, 2]) close(makeNote(at, of('p', run), ['a']));
  for (const text of ['', '{}', '[1]', 'null']) {
    writeFileSync(`${notes}/p.1.sites`, text);
    assert.equal(findNote(at, of('p', 1)), null, text);
  }
  sweepNotes(at, [of('p', 2)]);
  assert.deepEqual(readdirSync(notes).sort(), ['p.2', 'p.2.sites']);
  sweepNotes({ notes: `${notes}/nowhere` }, []);
});
