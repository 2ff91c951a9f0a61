import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atInterval, givesMemoryBack } from './memory.ts';

const pace = { interval: 10_000, worth: 1000 };

test('a worker gives memory back once a busy time is over', () => {
  assert.equal(atInterval(4000, 4000, pace), 'wait');
  assert.equal(atInterval(200, 90_000, pace), 'wait');
  assert.equal(atInterval(199, 90_000, pace), 'give back');
});

test('a worker that has done little lets it be, and is not woken again', () => {
  assert.equal(atInterval(0, 999, pace), 'rest');
  assert.equal(atInterval(150, 150, pace), 'rest');
});

test("what malloc has free is given back in a busy time, too, V8's garbage after it, and then nothing wakes the worker", t => {
  const done: string[] = [];
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let used = 0;
  t.mock.method(process, 'cpuUsage', () => ({ user: used * 1000, system: 0 }));
  const global = globalThis as { gc?: unknown };
  const { gc } = global;
  t.after(() => {
    global.gc = gc;
  });
  global.gc = () => done.push('collect');
  const visited = givesMemoryBack(pace, () => done.push('trim'));
  const interval = (busy: number) => {
    used += busy;
    t.mock.timers.tick(10_000);
  };
  visited();
  interval(5000);
  assert.deepEqual(done, ['trim']);
  interval(5000);
  assert.deepEqual(done, ['trim', 'trim']);
  interval(0);
  assert.deepEqual(done, ['trim', 'trim', 'collect', 'trim']);
  interval(5000);
  assert.equal(done.length, 4, 'nobody has come since');
  visited();
  interval(0);
  assert.equal(done.length, 6, 'it had done much since');
});
