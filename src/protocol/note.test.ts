import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostUpstreams } from '../model/upstreams.ts';
import {
  isBlank,
  mostNoted,
  notePage,
  noteSize,
  pendingPlace,
  readPending,
  readStandings,
  rowIn,
  standingsPlace,
  writeStandings,
} from './note.ts';

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

test('how the upstreams of a site stand is behind all rows, and nobody else’s', () => {
  const sites = 3;
  const memory = new ArrayBuffer(noteSize(sites));
  for (let number = 0; number <= sites; number++) rowIn(memory, number).fill(1);
  const bytesOf = (number: number) => new Uint8Array(memory, standingsPlace(sites, number), mostUpstreams);
  const all = Array.from({ length: mostUpstreams }, (_, place) => (place % 2 === 0 ? 'health' : null));
  writeStandings(bytesOf(3), all);
  writeStandings(bytesOf(2), [null, 'refused']);
  assert.deepEqual(readStandings(bytesOf(3)), all);
  assert.deepEqual(readStandings(bytesOf(2)).slice(0, 3), [null, 'refused', null]);
  assert.ok(readStandings(bytesOf(1)).every(fault => fault === null));
  writeStandings(bytesOf(2), [null, null]);
  assert.ok(readStandings(bytesOf(2)).every(fault => fault === null));
  for (let number = 0; number <= sites; number++) assert.ok(rowIn(memory, number).every(one => one === 1));
});

test('what a worker writes that is no fault is none', () => {
  assert.deepEqual(readStandings(Uint8Array.of(0, 1, 99, 255)), [null, 'refused', null, null]);
});
