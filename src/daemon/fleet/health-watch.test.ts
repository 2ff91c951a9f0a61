import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Host, Program } from '../../model/host.ts';
import { makeHealthWatch } from './health-watch.ts';
import type { spawnProbe } from './probe.ts';

const program = (name: string) =>
  ({
    name,
    app: null,
    socket: { path: `/run/${name}.sock` },
    health: { path: '/' },
    healthWatch: { interval: 10, failures: 1 },
  }) as unknown as Program;

/** A watch of these programs, with a time that stands still. `said`: what was told of whom. */
function watching(
  t: TestContext,
  names: readonly string[],
  spawn: typeof spawnProbe,
  probing?: () => (() => void) | null,
) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const said: string[] = [];
  const watch = makeHealthWatch(() => ({ apps: [] }) as unknown as Host, probing, spawn);
  const stops = names.map(name =>
    watch(program(name), {
      onFailed: () => said.push(`${name} failed`),
      onUnasked: why => said.push(`${name} ${why}`),
    }),
  );
  t.after(() => {
    for (const stop of stops) stop();
  });
  return { said, later: (seconds: number) => t.mock.timers.tick(seconds * 1000) };
}

test('apps that hang make no other app late, however many they are', t => {
  const asked: string[] = [];
  const hanging = Array.from({ length: 8 }, (_, at) => `hangs${at}`);
  const { said, later } = watching(t, [...hanging, 'good'], (_host, { socket }, onAnswer) => {
    asked.push(socket);
    if (socket.includes('good')) onAnswer({ kind: 'healthy' });
    return { stop() {} };
  });
  for (let second = 0; second < 300; second += 1) later(1);
  assert.ok(asked.includes('/run/good.sock'), 'it has its turn');
  assert.deepEqual(
    said.filter(one => one.startsWith('good')),
    [],
  );
  assert.deepEqual(new Set(said), new Set(hanging.map(name => `${name} failed`)));
});

test('a probe that cannot be started gives its turn to the next', async t => {
  let isShort = true;
  const { said, later } = watching(t, ['a', 'b', 'c', 'd', 'e', 'f'], (_host, _question, onAnswer) => {
    if (isShort) throw new Error('no descriptors');
    onAnswer({ kind: 'healthy' });
    return { stop() {} };
  });
  // Four at once, and the others when these have said what is wrong.
  for (let round = 0; round < 2; round += 1) {
    later(10);
    await new Promise(resolve => setImmediate(resolve));
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.deepEqual(
    [...new Set(said)].sort(),
    ['a', 'b', 'c', 'd', 'e', 'f'].map(name => `${name} no descriptors`),
  );
  isShort = false;
  said.length = 0;
  later(60);
  assert.deepEqual(said, []);
});

test('a program that is about to sleep is not asked, and is again when it has stayed awake', async t => {
  let isGoing = true;
  let asked = 0;
  const ask: typeof spawnProbe = (_host, _question, onAnswer) => {
    asked += 1;
    onAnswer({ kind: 'healthy' });
    return { stop() {} };
  };
  const { said, later } = watching(t, ['a'], ask, () => (isGoing ? null : () => {}));
  for (let round = 0; round < 3; round += 1) {
    later(10);
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.equal(asked, 0);
  isGoing = false;
  later(10);
  assert.equal(asked, 1);
  assert.deepEqual(said, []);
});
