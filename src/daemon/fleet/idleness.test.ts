import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { native } from '../../native/index.ts';
import { watchIdleness } from './idleness.ts';

/** A watch of a socket that nobody accepts from, with an idle_timeout of 40 seconds, and a time that stands still. */
function watching(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const directory = mkdtempSync(join(tmpdir(), 'hostd-idle-'));
  const path = join(directory, 'socket');
  const fd = native.listenUnix(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0, 0o600, 8);
  const held = new Map([[path, fd]]);
  const taken = new Set<string>();
  const said: string[] = [];
  const idleness = watchIdleness(
    { held: () => held, isTaken: path => taken.has(path) },
    { path, backlog: 8 },
    40,
    {
      onIdle: () => said.push('idle'),
      onUnknown: why => said.push(why),
    },
  );
  t.after(() => {
    idleness.end();
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return {
    path,
    held,
    taken,
    said,
    idleness,
    later: (seconds: number) => t.mock.timers.tick(seconds * 1000),
  };
}

test('a socket to which nobody connects is idle after its time, and a visitor begins it anew', async t => {
  const { path, said, later } = watching(t);
  later(10);
  later(10);
  const visitor = connect(path);
  await once(visitor, 'connect');
  for (let look = 0; look < 8; look += 1) later(10);
  assert.deepEqual(said, [], 'it waits to be accepted');
  visitor.destroy();
});

test('while hostd itself is about to ask, nobody is idle: its question would meet a site that falls asleep', t => {
  const { said, idleness, later } = watching(t);
  for (let look = 0; look < 3; look += 1) later(10);
  const [over, other] = [idleness.interrupt(), idleness.interrupt()];
  for (let look = 0; look < 10; look += 1) later(10);
  over();
  later(10);
  assert.deepEqual(said, []);
  other();
  later(10);
  assert.deepEqual(said, ['idle']);
  idleness.interrupt()();
  later(100);
  assert.deepEqual(said, ['idle']);
});

test('a socket that hostd does not hold is not known to be idle', t => {
  const { path, held, said, later } = watching(t);
  held.delete(path);
  later(10);
  assert.deepEqual(said, ['hostd does not hold its socket']);
});

test('a socket that a program has bound by itself is not known to be idle: its visitors are not seen', t => {
  const { path, taken, said, later } = watching(t);
  for (let look = 0; look < 3; look += 1) later(10);
  taken.add(path);
  later(10);
  later(10);
  assert.deepEqual(said, [`a program listens at "${path}" by itself`]);
});
