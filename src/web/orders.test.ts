import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderOf } from './orders.ts';

const order = (action: string, fields: Record<string, string> = {}) =>
  orderOf(action, 'hello', new URLSearchParams(fields));

test('each action is a command for one program', () => {
  const names = ['hello'];
  for (const action of ['start', 'stop', 'restart', 'reload'])
    assert.deepEqual(order(action), { path: action, body: { names } });
  assert.deepEqual(order('rotate'), { path: 'logs/rotate', body: { names } });
  assert.deepEqual(order('scale', { workers: '5' }), { path: 'scale', body: { names, workers: 5 } });
  assert.deepEqual(order('maintenance', { on: 'off' }), { path: 'maintenance', body: { names, on: false } });
  assert.deepEqual(order('maintenance', { on: 'on', retry: '60' }), {
    path: 'maintenance',
    body: { names, on: true, retryAfter: 60 },
  });
});

test('what a form must not say is said, and nothing is done', () => {
  for (const workers of ['', '0', '-1', '1e3', '1000', '3.5', 'x'])
    assert.equal(typeof order('scale', { workers }), 'string', workers);
  for (const [on, retry] of [
    ['', '1'],
    ['on', '0'],
    ['on', '9999999'],
    ['maybe', '1'],
  ] as const)
    assert.equal(typeof order('maintenance', { on, retry }), 'string');
  for (const action of ['shutdown', 'constructor', '']) assert.equal(typeof order(action), 'string');
});
