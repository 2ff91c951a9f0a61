// A running Supervisor's programs move over to hostd, one by one, and back by the commands that were printed.

import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { needs, startSupervisor } from './emit/tools.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const bin = join(import.meta.dirname, '../bin');

test('programs move from Supervisor to hostd, what cannot is left with a reason, and the way back works', {
  skip: needs('supervisord', 'supervisorctl', 'nginx') || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self() });
  const tree = `${place.dir}/tree`;
  // Supervisor has the app and two programs more; hostd has nothing yet.
  const before = await startHostd(place, { apps: [app] });
  for (const [format, out] of [
    ['supervisor', tree],
    ['nginx', tree],
    ['gunicorn-start', '/'],
  ] as const)
    assert.equal((await before.hostctl('emit', format, '--out', out)).code, 0);
  assert.equal(await before.stop(), 0);
  await run(['rm', `${place.dir}/etc/apps.d/tiny.toml`]);
  rmSync(`${app.root}/logs/gunicorn_supervisor.log`, { force: true });
  const program = (name: string, command: string) =>
    place.write(
      `tree/etc/supervisor/conf.d/${name}.conf`,
      `[program:${name}]\ncommand = ${command}\nuser = ${app.account.name}\nstdout_logfile = NONE\nstderr_logfile = NONE\n`,
    );
  program('sleeper', '/bin/sleep 1000');
  // It lives on Supervisor's own environment, which hostd does not pass on.
  program('needy', `/bin/sh -c 'test -n "$HOSTD_TEST" && exec sleep 1000'`);
  program('idle', '/bin/sleep 1000\nautostart = false');
  const supervisor = await startSupervisor(place, tree);
  await until(
    'tiny to run there',
    async () => /tiny +RUNNING/.test((await supervisor.ctl('status')).stdout),
    {
      every: 200,
    },
  );
  const hostd = await before.again();
  const names = async () =>
    (await hostd.status()).map(({ name }) => name).filter(name => name !== 'hostd-proxy');

  const args = [
    'adopt-supervisor',
    '--supervisor',
    supervisor.config,
    '--nginx',
    `${tree}/etc/nginx/sites-enabled`,
  ];
  const dry = await hostd.hostctl(...args, '--dry-run');
  assert.match(dry.stdout, /^tiny: would be moved \(tiny\)$/m, dry.stderr);
  assert.match(dry.stderr, /cannot move "idle": Supervisor does not run idle/);
  assert.deepEqual(await names(), []);

  const log = `${app.root}/logs/gunicorn_supervisor.log`;
  if (isRoot) assert.equal(statSync(log).uid, 0, 'Supervisor has made it');
  const moved = await hostd.hostctl(...args, 'tiny', 'sleeper');
  assert.equal(moved.code, 0, moved.stderr + moved.stdout);
  if (isRoot) {
    assert.match(moved.stdout, /^ {2}log: .*gunicorn_supervisor\.log was root's, and is the app's now$/m);
    assert.equal(statSync(log).uid, app.account.uid);
    assert.equal((await hostd.hostctl('logs', '--rotate', 'tiny')).code, 0);
  }
  assert.match(moved.stdout, /^tiny: moved, \d+\.\d s without it$/m);
  await hostd.state('tiny', 'RUNNING');
  await hostd.state('sleeper', 'RUNNING');
  assert.match((await supervisor.ctl('status')).stdout, /sleeper +STOPPED[\s\S]*tiny +STOPPED/);
  assert.equal((await hostd.get(app.host)).status, 200);

  const again = await hostd.hostctl(...args, 'tiny');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /cannot move "tiny": hostd has a program of this name already/);

  const needy = await hostd.hostctl(...args, 'needy');
  assert.equal(needy.code, 1);
  assert.match(needy.stderr, /cannot move "needy": .*; Supervisor runs it again/);
  assert.match((await supervisor.ctl('status')).stdout, /needy +RUNNING/);
  assert.deepEqual(await names(), ['sleeper', 'tiny']);

  const back = /^ {2}back: (rm .*tiny.*)$/m.exec(moved.stdout)?.[1] ?? assert.fail(moved.stdout);
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    HOSTD_SOCKET: hostd.socket,
    HOSTD_CONFIG: hostd.config,
  };
  const returned = await run(['sh', '-c', back], { env });
  assert.equal(returned.code, 0, returned.stderr);
  assert.match((await supervisor.ctl('status')).stdout, /tiny +RUNNING/);
  assert.ok(!existsSync(`${place.dir}/etc/apps.d/tiny.toml`));
  assert.equal(
    (await hostd.status()).find(({ name }) => name === 'tiny'),
    undefined,
  );
  await supervisor.stop();
});
