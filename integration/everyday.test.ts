// What operators change every day, on one hostd: workers and variables without anybody waiting, what a program waits for, a
// command with a secret.

import assert from 'node:assert/strict';
import { chownSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { childrenOf } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { writeApp } from './harness/write-app.ts';

const skip = needsVirtualenv('recent');

test('workers, variables and their files are applied by a reload; what breaks the app is refused', {
  skip,
}, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account, keys: { health: '/' } });
  const hostd = await startHostd(place, { apps: [app] });
  const load = startLoad({ to: { port: hostd.port }, host: app.host, clients: 2, atMost: 60_000 });
  const before = await hostd.state('tiny', 'RUNNING');
  const file = place.write('secrets/env', 'PASSWORD=hunter2\nURL="postgresql:///${NAME_OF_IT}"\n', 0o600);
  chownSync(file, account.uid, account.gid);
  const env = { ...(app.table['env'] as Record<string, string>), NAME_OF_IT: 'shop' };
  const changed = { ...app.table, env, env_file: file, workers: 2, timeout: 45 };
  writeApp(place, { ...app, table: changed });
  const update = await hostd.hostctl('update');
  assert.equal(update.code, 0, update.stderr);
  assert.match(update.stdout, /^tiny: updated and reloaded \(command, environment\)$/m);
  const after = await hostd.state('tiny', 'RUNNING');
  assert.notEqual(after.pid, before.pid);
  assert.equal(childrenOf(after.pid ?? 0).length, 2);
  const seen = async () => JSON.parse((await hostd.get(app.host, '/env')).text) as Record<string, string>;
  assert.deepEqual([(await seen())['PASSWORD'], (await seen())['URL']], ['hunter2', 'postgresql:///shop']);
  const { stdout: ps } = await run(['ps', '-ww', '-o', 'args=', '-p', String(after.pid)]);
  assert.match(ps, /--timeout 45/);
  assert.doesNotMatch(ps + hostd.output(), /hunter2/);

  writeFileSync(file, 'PASSWORD=changed\n');
  assert.match((await hostd.hostctl('update')).stdout, /^tiny: updated and reloaded \(environment\)$/m);
  assert.equal((await seen())['PASSWORD'], 'changed');

  const { pid } = await hostd.state('tiny', 'RUNNING');
  writeApp(place, { ...app, table: { ...changed, gunicorn_args: ['--no-such-option'] } });
  const refused = await hostd.hostctl('update');
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(
    refused.stderr,
    /tiny: cannot reload: exited too quickly .*; the old one serves on\n(.|\n)*no-such-option/,
  );
  assert.equal((await hostd.state('tiny', 'RUNNING')).pid, pid);
  assert.match((await hostd.hostctl('reread')).stdout, /tiny: changed \(command\)/);
  writeApp(place, { ...app, table: { ...changed, server_names: ['tiny.test', 'other.test'] } });
  const names = await hostd.hostctl('update');
  assert.match(names.stdout + names.stderr, /hostd-proxy/);
  assert.equal((await hostd.get('other.test', '/')).status, 200);
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
});

test('what a waiting program requires may change; a command gets variables that stand in no log', {
  skip,
}, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account });
  const waits = { ...app, table: { ...app.table, requires: ['127.0.0.1:9'] } };
  const hostd = await startHostd(place, { apps: [waits] });
  await until('it to wait', async () =>
    (await hostd.status()).some(({ description }) => description.includes('127.0.0.1:9')),
  );
  writeApp(place, app);
  const update = await hostd.hostctl('update');
  assert.match(update.stdout, /^tiny: updated, not restarted \(requires\)$/m);
  await hostd.state('tiny', 'RUNNING');
  assert.equal((await hostd.get(app.host, '/')).status, 200);

  const command = ['tiny', '-e', 'COLOUR=blue', '-e', 'PASSWORD', '--', 'sh', '-c', 'echo $COLOUR $PASSWORD'];
  const ran = await run([`${checkout}/bin/hostctl`, 'exec', ...command], {
    env: { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'], PASSWORD: 'hunter2', ...place.env },
  });
  assert.equal(ran.stdout, 'blue hunter2\n', ran.stderr);
  assert.doesNotMatch(hostd.output(), /hunter2|blue/);
  const absent = await hostd.hostctl('exec', 'tiny', '-e', 'NO_SUCH_VARIABLE', '--', 'true');
  assert.equal(absent.code, 2);
  assert.match(absent.stderr, /cannot pass on "NO_SUCH_VARIABLE": it is not in the environment/);
  assert.equal((await hostd.hostctl('exec', 'tiny', '-e', 'HOSTD_RUN=x', '--', 'true')).code, 2);
});
