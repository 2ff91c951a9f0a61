import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { makeTurns } from './turns.ts';

test('the first piece of work is done at once, the others one in each turn of the event loop', async () => {
  const turns = makeTurns();
  const done: string[] = [];
  assert.equal(
    turns.take(() => void done.push('a')),
    null,
  );
  for (const name of ['b', 'c'])
    assert.notEqual(
      turns.take(() => void done.push(name)),
      null,
    );
  assert.deepEqual(done, ['a']);
  await turn();
  assert.deepEqual(done, ['a', 'b']);
  await turn();
  await turn();
  assert.deepEqual(done, ['a', 'b', 'c']);
  await turn();
  assert.equal(
    turns.take(() => void done.push('d')),
    null,
    'idle again',
  );
});

test('work that is taken back is not done, and work that fails keeps no other from its turn', async () => {
  const turns = makeTurns();
  const done: string[] = [];
  assert.throws(() =>
    turns.take(() => {
      throw new Error('no');
    }),
  );
  const back = turns.take(() => void done.push('b'));
  turns.take(() => void done.push('c'));
  back?.();
  for (let i = 0; i < 4; i++) await turn();
  assert.deepEqual(done, ['c']);
});

test('pieces that are short share a turn, and no piece is begun when the turn has lasted long enough', async () => {
  const turns = makeTurns(60_000);
  const done: string[] = [];
  for (const name of ['a', 'b'])
    assert.equal(
      turns.take(() => void done.push(name)),
      null,
    );
  assert.deepEqual(done, ['a', 'b']);
  const short = makeTurns(1);
  const later: string[] = [];
  const long = (name: string) => () => {
    const end = performance.now() + 5;
    while (performance.now() < end);
    later.push(name);
  };
  assert.equal(short.take(long('a')), null);
  assert.notEqual(short.take(long('b')), null);
  assert.deepEqual(later, ['a']);
  await turn();
  assert.deepEqual(later, ['a', 'b']);
});
