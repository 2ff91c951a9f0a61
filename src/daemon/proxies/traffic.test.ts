import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { noteSize, rowIn } from '../../protocol/note.ts';
import { at } from '../../protocol/traffic.ts';
import { openNameless } from '../own/nameless.ts';
import { makeTraffic, type Traffic } from './traffic.ts';

type Numbers = Partial<Record<keyof typeof at, number>>;

/** A worker that serves these sites, and what it writes into its note. */
function begin(traffic: Traffic, sites: readonly string[]) {
  const directory = mkdtempSync(`${tmpdir()}/hostd-note-`);
  const fd = openNameless(directory);
  rmSync(directory, { recursive: true });
  const memory = new ArrayBuffer(noteSize(sites.length));
  const end = traffic.open(openSync(`/proc/self/fd/${fd}`, 'r'), sites);
  return {
    count(site: string | null, numbers: Numbers) {
      const row = rowIn(memory, site === null ? 0 : sites.indexOf(site) + 1);
      for (const [name, number] of Object.entries(numbers)) row[at[name as keyof typeof at]] = number;
      writeSync(fd, new Uint8Array(memory), 0, memory.byteLength, 0);
    },
    truncate: (size: number) => ftruncateSync(fd, size),
    end() {
      end();
      end();
      closeSync(fd);
    },
  };
}

/** requests, open_requests, longest wait. */
function numbersOf(traffic: Traffic, site: string | null): readonly (number | undefined)[] {
  const [found] = traffic.report([site]);
  return [found?.requests, found?.open_requests, found?.queue_ms.max];
}

test('workers add up, as of this moment', () => {
  const traffic = makeTraffic();
  const first = begin(traffic, ['one']);
  const second = begin(traffic, ['one']);
  first.count('one', { requests: 5, open: 1, waitedMax: 30 });
  first.count('one', { requests: 7, open: 2, waitedMax: 40 });
  second.count('one', { requests: 10, open: 1, waitedMax: 20 });
  assert.deepEqual(numbersOf(traffic, 'one'), [17, 3, 40]);
  for (const worker of [first, second]) worker.end();
});

test('the counts of a worker that has ended stay, and its next run begins at nothing', () => {
  const traffic = makeTraffic();
  const first = begin(traffic, ['one']);
  first.count('one', { requests: 5, open: 1 });
  first.count(null, { requests: 2 });
  first.end();
  assert.deepEqual(numbersOf(traffic, 'one'), [5, 0, 0]);
  const next = begin(traffic, ['one']);
  next.count('one', { requests: 1, open: 1 });
  assert.deepEqual(numbersOf(traffic, 'one'), [6, 1, 0]);
  next.end();
  assert.deepEqual(numbersOf(traffic, 'one'), [6, 0, 0]);
  assert.deepEqual(numbersOf(traffic, null), [2, 0, 0]);
});

test('a site that is gone is forgotten, also while an old worker still counts for it', () => {
  const traffic = makeTraffic();
  const old = begin(traffic, ['one', 'two']);
  old.count('one', { requests: 5 });
  old.count('two', { requests: 5 });
  begin(traffic, ['two']).end();
  old.count('one', { requests: 6 });
  old.count('two', { requests: 6 });
  const next = begin(traffic, ['one', 'two']);
  assert.deepEqual(numbersOf(traffic, 'one'), [0, 0, 0]);
  old.end();
  assert.deepEqual(numbersOf(traffic, 'one'), [0, 0, 0]);
  assert.deepEqual(numbersOf(traffic, 'two'), [6, 0, 0]);
  next.end();
});

test('a report has the sites that it was asked for, in that order', () => {
  const traffic = makeTraffic();
  begin(traffic, ['one', 'two']).end();
  assert.deepEqual(
    traffic.report(['two', 'one', null]).map(({ name, requests }) => [name, requests]),
    [
      ['two', 0],
      ['one', 0],
      [null, 0],
    ],
  );
});

test('what is no count is none, and a note that was cut off has none', () => {
  const traffic = makeTraffic();
  const worker = begin(traffic, ['one', 'two']);
  worker.count('one', { requests: Number.NaN, open: -1, waitedMax: Number.POSITIVE_INFINITY });
  worker.count('two', { requests: 2 ** 60, open: 1.4 });
  assert.deepEqual(numbersOf(traffic, 'one'), [0, 0, 0]);
  assert.deepEqual(numbersOf(traffic, 'two'), [0, 1, 0]);
  worker.truncate(100);
  assert.deepEqual(numbersOf(traffic, 'two'), [0, 0, 0]);
  worker.end();
});
