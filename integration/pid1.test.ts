// hostd as PID 1 of a container: it reaps what others leave, loses no exit status of its own programs, and heeds signals
// although the kernel gives PID 1 no default handlers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { needsRoot } from './harness/accounts.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { childrenOf, look, marked, zombiesOf } from './harness/processes.ts';
import { until } from './harness/until.ts';

const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

interface Contained {
  readonly place: Place;
  readonly hostd: Hostd;
  /** hostd's pid outside of the container. */
  readonly pid: number;
  /** Ended children of hostd that nobody has reaped. */
  zombies(): number;
}

async function start(t: TestContext, program: Record<string, Record<string, string | number | boolean>>) {
  const place = makePlace(t);
  const hostd = await startHostd(place, { config: { proxy: { enabled: false }, program }, under: container });
  const [inner] = childrenOf(hostd.pid);
  assert.ok(inner);
  const { pid } = inner;
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NSpid:\t\d+\t1$/m);
  // unshare itself heeds no SIGTERM while its child lives.
  // A test that fails early leaves it too.
  place.after(() => end(pid));
  const contained: Contained = { place, hostd, pid, zombies: () => zombiesOf(pid) };
  return contained;
}

async function end(pid: number): Promise<void> {
  if (look(pid) === null) return;
  process.kill(pid, 'SIGTERM');
  await until('hostd to end', () => look(pid) === null);
}

test('orphans are reaped, and the exits of hostd’s own programs are still told right', {
  skip: needsRoot,
}, async t => {
  // They live so long that a look on a busy machine finds them.
  const breeder = `sh -c "for i in 1 2 3 4 5; do (for j in 1 2 3 4 5 6 7 8 9 10; do sleep 3.2 & done); sleep 0.1; done; exec sleep 1000"`;
  const { hostd, pid, place, zombies } = await start(t, {
    breeder: { command: breeder, startsecs: 0 },
    brief: { command: 'sh -c "sleep 0.5; exit 7"', autorestart: false, startsecs: 0 },
    killed: { command: 'sh -c "sleep 0.6; kill -9 $$"', autorestart: false, startsecs: 0 },
    flapping: { command: 'sh -c "sleep 0.1; exit 3"', startsecs: 0, autorestart: true },
  });
  await until(
    'the orphans to belong to PID 1',
    () => childrenOf(pid).filter(p => p.command === 'sleep 3.2').length > 5,
  );
  await until('them to end', () => !marked(place.mark).some(p => p.command === 'sleep 3.2'));
  await until('them to be reaped', () => zombies() === 0);
  const brief = await hostd.state('brief', 'EXITED');
  const killed = await hostd.state('killed', 'EXITED');
  assert.equal(brief.exitstatus, 7);
  assert.match(killed.description, /SIGKILL/);
  await until(
    'several runs',
    async () => ((await hostd.status()).find(p => p.name === 'flapping')?.run ?? 0) >= 2,
  );
  const flapping = (await hostd.status()).find(p => p.name === 'flapping');
  assert.equal(flapping?.exitstatus, 3);
  assert.equal((await hostd.hostctl('stop', 'all')).code, 0);
  await until('nothing but hostd', () => zombies() === 0 && childrenOf(pid).length === 0);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} stops every program, then the container`, { skip: needsRoot }, async t => {
    const { hostd, pid, place } = await start(t, {
      kind: { command: `sh -c "trap 'exit 0' TERM; while :; do sleep 0.1; done"`, startsecs: 0 },
      deaf: { command: `sh -c "trap '' TERM; while :; do sleep 0.1; done"`, stopwaitsecs: 1, startsecs: 0 },
    });
    await hostd.state('deaf', 'RUNNING');
    process.kill(pid, signal);
    await until('hostd to end', () => hostd.child.exitCode !== null);
    assert.equal(hostd.child.exitCode, 0);
    const said = new RegExp(`received ${signal}[^]*stopped: kind[^]*hostd has ended`);
    await until('all that it has said', () => said.test(hostd.output()));
    assert.deepEqual(marked(place.mark), []);
  });
}

test('SIGHUP updates', { skip: needsRoot }, async t => {
  const { hostd, pid, place } = await start(t, {});
  place.write('etc/apps.d/new.toml', '[program.new]\ncommand = "sleep 1000"\nstartsecs = 0\n');
  process.kill(pid, 'SIGHUP');
  await hostd.state('new', 'RUNNING');
});
