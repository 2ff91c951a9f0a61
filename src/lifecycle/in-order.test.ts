import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder } from './in-order.ts';

test('what is sent from within has its turn afterwards, and a mistake costs one value alone', () => {
  const seen: string[] = [];
  const send = inOrder<string>(value => {
    seen.push(`${value} begins`);
    if (value === 'bad') throw new Error('no');
    if (value === 'first') for (const next of ['second', 'third']) send(next);
    seen.push(`${value} ends`);
  });
  send('first');
  const whole = ['first', 'second', 'third'].flatMap(value => [`${value} begins`, `${value} ends`]);
  assert.deepEqual(seen, whole);
  assert.throws(() => send('bad'));
  send('last');
  assert.deepEqual(seen.slice(whole.length), ['bad begins', 'last begins', 'last ends']);
});
