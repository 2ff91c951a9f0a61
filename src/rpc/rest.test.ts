import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRest, restMs } from './rest.ts';

test('it ends when nobody has been connected for long', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let ends = 0;
  const rest = makeRest(() => ends++);
  t.mock.timers.tick(restMs - 1);
  const leave = rest.come();
  const other = rest.come();
  t.mock.timers.tick(restMs * 3);
  leave();
  t.mock.timers.tick(restMs * 3);
  assert.equal(ends, 0, 'one is still there');
  other();
  t.mock.timers.tick(restMs - 1);
  assert.equal(ends, 0);
  t.mock.timers.tick(1);
  assert.equal(ends, 1);
});

test('in a hurry it ends with the last client', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let ends = 0;
  const rest = makeRest(() => ends++);
  const leave = rest.come();
  rest.hurry();
  t.mock.timers.tick(restMs);
  assert.equal(ends, 0);
  leave();
  t.mock.timers.tick(1);
  assert.equal(ends, 1);
});
