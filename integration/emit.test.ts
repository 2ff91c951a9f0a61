// What emit writes, used: Debian's nginx and supervisord carry on with the demo sites where hostd has stopped.

import assert from 'node:assert/strict';
import { appendFileSync, lchownSync, readdirSync, statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ask } from '../scripts/http.ts';
import { must, run } from '../scripts/run.ts';
import { needs, startNginx, startSupervisor, tools } from './emit/tools.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { djangoApp, tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const skip = needs('nginx', 'supervisord', 'supervisorctl') || needsVirtualenv('recent');

async function twoSites(t: TestContext) {
  const place = makePlace(t);
  const accounts = isRoot ? await testAccounts() : { a: self(), b: self() };
  const apps = [
    await djangoApp(place, 'hello', { account: accounts.a }),
    await djangoApp(place, 'goodbye', { account: accounts.b }),
  ];
  // What the classic start script reads.
  for (const { name } of apps) place.write(`webapps/${name}/bin/activate`, '');
  return { place, apps };
}

for (const plain of [[], ['--plain']] as const)
  test(`nginx and Supervisor serve both sites from ${plain.length === 0 ? 'hardened' : 'plain'} files after hostd has stopped`, {
    skip,
  }, async t => {
    const { place, apps } = await twoSites(t);
    const hostd = await startHostd(place, { apps });
    for (const { host } of apps) assert.equal((await hostd.get(host)).status, 200);
    assert.equal(await hostd.stop(), 0);

    const tree = `${place.dir}/tree`;
    for (const [format, out] of [
      ['supervisor', tree],
      ['nginx', tree],
      ['gunicorn-start', '/'],
    ] as const) {
      const ran = await hostd.hostctl('emit', format, '--out', out, ...plain);
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /^wrote /);
      assert.equal((await hostd.hostctl('emit', format, '--out', out, '--check', ...plain)).code, 0);
    }
    const supervisor = await startSupervisor(place, tree);
    await startNginx(place, tree, hostd.port);
    for (const { name, host, account } of apps) {
      const answer = await until(
        `${name} to answer`,
        async () => {
          const got = await ask({ to: { port: hostd.port }, host });
          return got.status === 200 && got;
        },
        { every: 200 },
      );
      assert.match(answer.text, name === 'hello' ? /guestbook/i : /departures/i);
      assert.match(String(answer.headers['server']), /nginx/);
      const style = `/static/${name === 'hello' ? 'guestbook' : 'departures'}/style.css`;
      assert.equal((await ask({ to: { port: hostd.port }, host, path: style })).status, 200);
      const pid = Number((await supervisor.ctl('pid', name)).stdout);
      assert.equal(statSync(`/proc/${pid}`).uid, account.uid);
    }
    const states = async () => (await supervisor.ctl('status')).stdout;
    await until('Supervisor to call both RUNNING', async () =>
      /goodbye +RUNNING[\s\S]*hello +RUNNING/.test(await states()),
    );
    await supervisor.stop();
  });

test('a hardened virtual host lets no client choose the scheme, and keeps hidden files and links of others to itself', {
  skip,
}, async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, {
    account: isRoot ? (await testAccounts()).a : self(),
    source: `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [environ['wsgi.url_scheme'].encode()]
`,
  });
  const hostd = await startHostd(place, { apps: [app] });
  assert.equal(await hostd.stop(), 0);
  const tree = `${place.dir}/tree`;
  await hostd.hostctl('emit', 'all', '--out', tree);
  await hostd.hostctl('emit', 'gunicorn-start', '--out', '/');
  place.write('webapps/tiny/static/a.txt', 'a');
  place.write('webapps/tiny/static/.hidden', 'h');
  const link = `${app.root}/static/link.txt`;
  await must('link', ['ln', '-s', '/etc/hostname', link]);
  lchownSync(link, app.account.uid, app.account.gid);
  await startSupervisor(place, tree);
  await startNginx(place, tree, hostd.port);
  const get = (path: string, headers = {}) =>
    ask({ to: { port: hostd.port }, host: app.host, path, headers });
  await until('tiny to answer', async () => (await get('/')).status === 200, { every: 200 });
  for (const headers of [
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-ssl': 'on' },
    { 'x-forwarded-protocol': 'ssl' },
  ])
    assert.equal((await get('/', headers)).text, 'http');
  assert.equal((await get('/static/a.txt')).text, 'a');
  assert.equal((await get('/static/.hidden')).status, 404);
  if (isRoot) assert.equal((await get('/static/link.txt')).status, 403);
  // The article's "if" would have answered with nginx's own page.
  assert.equal((await get('/index.html')).text, 'http');
});

test('systemd accepts the units', {
  skip: needs('analyze') || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, {
    account,
    env: { QUOTED: 'a "b" %s $HOME \\ ü', LINES: 'one\ntwo' },
    keys: {
      program: {
        celery: { command: '/bin/sleep 100%% "two words" $x ;', autorestart: 'unexpected', startretries: 3 },
      },
    },
  });
  const hostd = await startHostd(place, { apps: [app], config: { proxy: { enabled: false } } });
  assert.equal(await hostd.stop(), 0);
  const tree = `${place.dir}/tree`;
  const ran = await hostd.hostctl('emit', 'systemd', '--out', tree);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stderr, /systemd puts no log aside/);
  const directory = `${tree}/etc/systemd/system`;
  const written = readdirSync(directory);
  assert.deepEqual(written, [
    'tiny-celery.env',
    'tiny-celery.service',
    'tiny.env',
    'tiny.service',
    'tiny.socket',
  ]);
  const units = written.filter(name => !name.endsWith('.env'));
  const verify = async () => {
    const ran = await run(
      [tools.analyze ?? '', 'verify', '--man=no', ...units.map(unit => `${directory}/${unit}`)],
      { env: { PATH: process.env['PATH'], SYSTEMD_LOG_COLOR: '0' } },
    );
    return `${ran.stdout}${ran.stderr}`.split('\n').filter(line => line.includes('tiny'));
  };
  assert.deepEqual(await verify(), []);
  // It does look at them: a key that it does not know is told.
  appendFileSync(`${directory}/tiny.service`, '\n[Service]\nBanana=1\n');
  assert.match((await verify()).join('\n'), /tiny\.service.*Banana/);
});
