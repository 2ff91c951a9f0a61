import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, rowLength } from '../../protocol/traffic.ts';
import { makeTraffic, type Traffic } from './traffic.ts';

function row(numbers: Partial<Record<keyof typeof at, number>>): number[] {
  const counts = new Array<number>(rowLength).fill(0);
  for (const [name, number] of Object.entries(numbers)) counts[at[name as keyof typeof at]] = number;
  return counts;
}

/** requests, open_requests, longest wait. */
function numbersOf(traffic: Traffic, site: string | null): readonly (number | undefined)[] {
  const [found] = traffic.report([site]);
  return [found?.requests, found?.open_requests, found?.queue_ms.max];
}

test('workers add up, and a later word of one takes the place of its earlier one', () => {
  const traffic = makeTraffic();
  const first = traffic.open(['one']);
  const second = traffic.open(['one']);
  first.tell('one', row({ requests: 5, open: 1, waitedMax: 30 }));
  first.tell('one', row({ requests: 7, open: 2, waitedMax: 40 }));
  second.tell('one', row({ requests: 10, open: 1, waitedMax: 20 }));
  assert.deepEqual(numbersOf(traffic, 'one'), [17, 3, 40]);
});

test('the last word of a worker that has ended stays, and its next run begins at nothing', () => {
  const traffic = makeTraffic();
  const first = traffic.open(['one']);
  first.tell('one', row({ requests: 5, open: 1 }));
  first.tell(null, row({ requests: 2 }));
  first.end();
  assert.deepEqual(numbersOf(traffic, 'one'), [5, 0, 0]);
  const next = traffic.open(['one']);
  next.tell('one', row({ requests: 1, open: 1 }));
  assert.deepEqual(numbersOf(traffic, 'one'), [6, 1, 0]);
  next.end();
  next.end();
  assert.deepEqual(numbersOf(traffic, 'one'), [6, 0, 0]);
  assert.deepEqual(numbersOf(traffic, null), [2, 0, 0]);
});

test('a site that is gone is forgotten, also while an old worker still tells of it', () => {
  const traffic = makeTraffic();
  const old = traffic.open(['one', 'two']);
  old.tell('one', row({ requests: 5 }));
  old.tell('two', row({ requests: 5 }));
  traffic.open(['two']);
  old.tell('one', row({ requests: 6 }));
  old.tell('two', row({ requests: 6 }));
  old.end();
  traffic.open(['one', 'two']);
  assert.deepEqual(numbersOf(traffic, 'one'), [0, 0, 0]);
  assert.deepEqual(numbersOf(traffic, 'two'), [6, 0, 0]);
});

test('a report has the sites that it was asked for, in that order', () => {
  const traffic = makeTraffic();
  traffic.open(['one', 'two']);
  assert.deepEqual(
    traffic.report(['two', 'one', null]).map(({ name, requests }) => [name, requests]),
    [
      ['two', 0],
      ['one', 0],
      [null, 0],
    ],
  );
});
