import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordersOf, untilDetach } from './keys.ts';

test('each key is an order; arrows and unknown keys are none', () => {
  assert.deepEqual(ordersOf('2r'), [{ kind: 'focus', number: 2 }, { kind: 'restart' }]);
  assert.deepEqual(ordersOf('\x03'), [{ kind: 'quit' }]);
  assert.deepEqual(ordersOf('\x1b'), [{ kind: 'all' }]);
  assert.deepEqual(ordersOf('\x1b[A'), []);
  assert.deepEqual(ordersOf('zx'), []);
});

test('everything goes to an attached program, Ctrl-C too, until Ctrl-]', () => {
  assert.deepEqual(untilDetach(Buffer.from('n\x03')), { typed: Buffer.from('n\x03'), detached: false });
  assert.deepEqual(untilDetach(Buffer.from('p\x1dq')), { typed: Buffer.from('p'), detached: true });
});
