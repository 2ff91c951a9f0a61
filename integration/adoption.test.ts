// What a new hostd makes of what an earlier one has left: live runs, dead ones, and records that are not what they seem.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { look, marked } from './harness/processes.ts';

const noProxy = { enabled: false };

async function sleepers(t: TestContext) {
  const place = makePlace(t);
  const program = { command: 'sleep 1000', environment: place.env };
  const hostd = await startHostd(place, {
    config: { proxy: noProxy, program: { one: program, two: program } },
  });
  const runs = `${place.dir}/lib/runs`;
  const record = (name: string) => `${runs}/${readdirSync(runs).find(file => file.startsWith(`${name}.`))}`;
  const rewrite = (name: string, change: (record: { process: { pid: number; bootId: string } }) => void) => {
    const value = JSON.parse(readFileSync(record(name), 'utf8'));
    change(value);
    writeFileSync(record(name), JSON.stringify(value));
  };
  return { place, hostd, record, rewrite };
}

const pidOf = async (hostd: Hostd, name: string) =>
  (await hostd.status()).find(p => p.name === name)?.pid ?? null;

test('a run that died while no hostd was there is started anew, and the log says so', async t => {
  const { hostd } = await sleepers(t);
  const one = await pidOf(hostd, 'one');
  const two = await pidOf(hostd, 'two');
  await hostd.kill9();
  process.kill(one ?? 0, 'SIGKILL');
  const next = await hostd.again();
  assert.equal(await pidOf(next, 'two'), two);
  assert.notEqual(await pidOf(next, 'one'), one);
  assert.match(next.output(), /'one' \(\d+\) ended while no hostd was there/);
});

test('a record that was half written is dropped and said, and its program runs once', async t => {
  const { place, hostd, record } = await sleepers(t);
  const one = await pidOf(hostd, 'one');
  await hostd.kill9();
  // As if the disk had been full: the process of an unreadable record is nobody's, so the test ends it.
  writeFileSync(record('one'), readFileSync(record('one'), 'utf8').slice(0, 40));
  process.kill(one ?? 0, 'SIGKILL');
  const next = await hostd.again();
  assert.match(next.output(), /cannot read record .*one\.1\.json: dropped/);
  await next.state('one', 'RUNNING');
  assert.equal(marked(place.mark).filter(p => p.command === 'sleep 1000').length, 2);
});

test('a pid that now belongs to somebody else is neither adopted nor killed', async t => {
  const { place, hostd, rewrite } = await sleepers(t);
  const one = await pidOf(hostd, 'one');
  const stranger = spawn('sleep', ['1001'], { env: { ...process.env, ...place.env }, stdio: 'ignore' });
  await hostd.kill9();
  process.kill(one ?? 0, 'SIGKILL');
  rewrite('one', value => {
    value.process.pid = stranger.pid ?? 0;
  });
  const next = await hostd.again();
  await next.state('one', 'RUNNING');
  assert.notEqual(await pidOf(next, 'one'), stranger.pid);
  assert.equal(look(stranger.pid ?? 0)?.command, 'sleep 1001');
  const gone = new Promise(resolve => stranger.on('exit', resolve));
  stranger.kill('SIGKILL');
  await gone;
});

test('records from before a reboot are dropped', async t => {
  const { hostd, rewrite } = await sleepers(t);
  const one = await pidOf(hostd, 'one');
  await hostd.kill9();
  process.kill(one ?? 0, 'SIGKILL');
  rewrite('one', value => {
    value.process.bootId = '00000000-0000-0000-0000-000000000000';
  });
  const next = await hostd.again();
  assert.match(next.output(), /'one' ran before this boot/);
  await next.state('one', 'RUNNING');
});

test('a configuration that changed meanwhile: changed programs are restarted, gone ones stopped, new ones started', async t => {
  const { place, hostd } = await sleepers(t);
  const two = await pidOf(hostd, 'two');
  await hostd.kill9();
  const text = readFileSync(hostd.config, 'utf8');
  writeFileSync(
    hostd.config,
    text
      .replaceAll('program.one', 'program.three')
      .replaceAll(/(\[program\.two\][^[]*)sleep 1000/g, '$1sleep 1002'),
  );
  const next = await hostd.again();
  const status = await next.status();
  assert.deepEqual(
    status.map(p => [p.name, p.state]),
    [
      ['three', 'RUNNING'],
      ['two', 'RUNNING'],
    ],
  );
  assert.notEqual(await pidOf(next, 'two'), two);
  assert.match(next.output(), /one: disappeared since it was started/);
  assert.match(next.output(), /two: changed since it was started/);
  const commands = marked(place.mark)
    .map(p => p.command)
    .filter(c => c.startsWith('sleep'))
    .sort();
  assert.deepEqual(commands, ['sleep 1000', 'sleep 1002']);
});

test('an app whose file is broken when the next hostd starts is left as it was, its site too', async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self() });
  const hostd = await startHostd(place, { apps: [app] });
  const pid = await pidOf(hostd, 'tiny');
  await hostd.kill9();
  const file = `${place.dir}/etc/apps.d/tiny.toml`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('workers', 'wrokers'));
  const next = await hostd.again();
  assert.equal(await pidOf(next, 'tiny'), pid);
  assert.equal((await next.get(app.host)).status, 200);
  assert.match(next.output(), /there is no key .*wrokers/);
});

test('a state directory that was removed costs no process its life, and a socket in use is not taken away', async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self() });
  const hostd = await startHostd(place, { apps: [app], config: { proxy: noProxy } });
  const pid = await pidOf(hostd, 'tiny');
  await hostd.kill9();
  rmSync(`${place.dir}/lib`, { recursive: true });
  const next = await hostd.again();
  assert.notEqual(look(pid ?? 0), null);
  place.expectLeftovers(true);
  // Between two attempts: an attempt that goes on has no error yet.
  const status = await next.state('tiny', 'BACKOFF');
  assert.match(status.spawnerr, /cannot listen on .*gunicorn\.sock.*another process already does/);
});
