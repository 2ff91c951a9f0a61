import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBlank, mostNoted, notePage, noteSize, pendingPlace, readPending, rowIn } from './note.ts';

test('what a worker writes at a site’s place is read as that site’s', () => {
  const memory = new ArrayBuffer(notePage);
  const words = new Uint32Array(memory);
  words[0] = 2;
  const place = pendingPlace(2) ?? assert.fail();
  words[place] = 5;
  words[place + 1] = 1_700_000_000;
  const read = readPending(Buffer.from(memory), ['a', 'b']);
  assert.deepEqual(read.get('a'), { requests: 0, since: 0 });
  assert.deepEqual(read.get('b'), { requests: 5, since: 1_700_000_000 });
});

test('a row is blank until something is counted in it', () => {
  const memory = new ArrayBuffer(noteSize(2));
  const note = Buffer.from(memory);
  assert.equal(isBlank(note, 2), true);
  rowIn(memory, 2)[3] = 1;
  assert.deepEqual([isBlank(note, 1), isBlank(note, 2)], [true, false]);
  // A worker may have made it shorter.
  assert.equal(isBlank(note.subarray(0, notePage), 1), false);
});

test('a site beyond the page has no place, and the last one is within it', () => {
  assert.equal(pendingPlace(0), null);
  assert.equal(pendingPlace(mostNoted + 1), null);
  assert.ok(((pendingPlace(mostNoted) ?? 0) + 2) * 4 <= notePage);
  assert.equal(readPending(Buffer.alloc(10), ['a']).size, 0);
});
