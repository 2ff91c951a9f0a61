// The logs of programs and sites together: names in front, one request through access and error log, what root has left in the way
// of rotation; and a reload of everything that belongs to an app.

import assert from 'node:assert/strict';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { follow } from './harness/log-lines.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

test('one look at all logs, one id through two of them, and one reload for all of an app', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const worker = { command: `/bin/sh -c 'echo "worker $$ works"; exec sleep 1000'`, startsecs: 0 };
  const one = await tinyApp(place, { name: 'one', account, keys: { program: { worker } } });
  const two = await tinyApp(place, { name: 'two', account });
  const hostd = await startHostd(place, {
    apps: [one, two],
    config: { proxy: { access_log_format: 'combined_id' } },
  });
  await hostd.state('one:worker', 'RUNNING');

  const all = await hostd.hostctl('logs', 'all', '-n', '200');
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /^one {8}\| .*Listening at/m);
  assert.match(all.stdout, /^one:worker \| worker \d+ works$/m);
  assert.match(all.stdout, /^two {8}\| .*Listening at/m);
  const group = await hostd.hostctl('logs', 'one:*');
  assert.match(group.stdout, /^one:worker \| /m);
  assert.doesNotMatch(group.stdout, /^two/m);
  assert.equal((await hostd.hostctl('logs', 'nosuch', 'one')).code, 1);
  const followed = follow(place, hostd, 'all', '--access');
  await until(
    'the followers',
    async () => {
      await hostd.get(one.host, '/from-one');
      await hostd.get(two.host, '/from-two');
      return /^one \| .*\/from-one/m.test(followed.text()) && /^two \| .*\/from-two/m.test(followed.text());
    },
    { every: 500 },
  );
  await followed.stop();

  // A request that nobody answers: the two logs are joined by its id.
  await hostd.hostctl('stop', 'one');
  assert.equal(
    (await hostd.get(one.host, '/down?x=1', { headers: { 'X-Request-Id': 'find-me-67890' } })).status,
    503,
  );
  await until('the access log', async () =>
    /find-me-67890/.test((await hostd.hostctl('logs', 'one', '--access')).stdout),
  );
  const access = (await hostd.hostctl('logs', 'one', '--access')).stdout;
  assert.match(access, /"GET \/down\?x=1 HTTP\/1\.1" 503 \d+ "-" "[^"]*" "find-me-67890"$/m);
  const errors = (await hostd.hostctl('logs', 'one', '--errors')).stdout;
  const line = errors.split('\n').find(text => text.includes('find-me-67890')) ?? assert.fail(errors);
  const { method, uri, request, site } = JSON.parse(line);
  assert.deepEqual(
    { method, uri, request, site },
    { method: 'GET', uri: '/down?x=1', request: 'find-me-67890', site: 'one' },
  );
  await hostd.hostctl('start', 'one');

  if (isRoot) {
    // As Supervisor leaves them.
    const log = `${two.root}/logs/gunicorn_supervisor.log`;
    chownSync(log, 0, 0);
    const refused = await hostd.hostctl('logs', '--rotate', 'two');
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /cannot rotate ".*gunicorn_supervisor\.log": it belongs to uid 0, and its program runs as uid \d+\n {2}try: chown /,
    );
    const cure = /try: (chown .*)$/m.exec(refused.stderr)?.[1] ?? '';
    assert.equal((await run(['sh', '-c', cure])).code, 0);
    assert.equal((await hostd.hostctl('logs', '--rotate', 'two')).code, 0);
  }

  const pid = async (name: string) => (await hostd.status()).find(program => program.name === name)?.pid;
  const before = { one: await pid('one'), worker: await pid('one:worker') };
  const reloaded = await hostd.hostctl('reload', 'one:*');
  assert.deepEqual(
    [reloaded.code, reloaded.stdout, reloaded.stderr.replaceAll(/^waiting for .*\n/gm, '')],
    [0, 'one: reloaded\none:worker: restarted, as it has no socket to hand over\n', ''],
  );
  assert.notEqual(await pid('one'), before.one);
  assert.notEqual(await pid('one:worker'), before.worker);

  const code = `${one.root}/one/one/wsgi.py`;
  const good = readFileSync(code, 'utf8');
  writeFileSync(code, `${good}\nraise RuntimeError("broken")\n`);
  const kept = await pid('one:worker');
  const broken = await hostd.hostctl('reload', 'one:*');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /one:worker: not restarted, since the new code of "one" does not load/);
  assert.equal(await pid('one:worker'), kept);

  // Code that waits for a file: a reload under way is seen, and a second one says what it waits for.
  writeFileSync(
    code,
    `${good}\nimport os, time\nwhile not os.path.exists(${JSON.stringify(`${place.dir}/go`)}):\n    time.sleep(0.05)\n`,
  );
  const first = hostd.hostctl('reload', 'one');
  const shown = await until('status to tell of it', async () => {
    const { stdout } = await hostd.hostctl('status', 'one');
    return /reload under way for \d+ s/.test(stdout) && stdout;
  });
  assert.match(String(shown), /^one +RUNNING +pid \d+, .*; reload under way for \d+ s, waits for /m);
  const said = place.write('said', '');
  const env = {
    PATH: process.env['PATH'],
    HOSTD_SOCKET: hostd.socket,
    HOSTD_CONFIG: hostd.config,
    ...place.env,
  };
  const second = run(['sh', '-c', `exec ${checkout}/bin/hostctl reload one 2>${said}`], { env });
  await until('the second one to say that it waits', () =>
    readFileSync(said, 'utf8').includes('waiting for one'),
  );
  place.write('go', '');
  const [a, b] = await Promise.all([first, second]);
  assert.deepEqual([a.stdout, b.stdout], ['one: reloaded\n', 'one: reloaded\n'], a.stderr + b.stderr);
  assert.match(readFileSync(said, 'utf8'), /waiting for one: another reload of it is under way/);
});
