// [emit]: a change of the configuration reaches a running nginx, and a bad set of files does not.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import { needs, startNginx, tools } from './emit/tools.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');

test('nginx is tested and reloaded after a change, and gets the old files back when the test fails', {
  skip: needs('nginx'),
}, async t => {
  const place = makePlace(t);
  const port = await freePort();
  const tree = place.directory('tree');
  place.write('webapps/hello/static/a.txt', 'a');
  place.directory('webapps/hello/logs');
  const nginx = `${tools.nginx} -e ${place.dir}/nginx/error.log -c ${place.dir}/nginx/nginx.conf`;
  const configure = (name: string, app = 'hello') =>
    place.write(
      'hostd.toml',
      `[proxy]\nlisten = ["127.0.0.1:${port}"]\n[emit]\nformats = ["nginx"]
nginx_test = "${nginx} -t"\nnginx_reload = "${nginx} -s reload"
[app.${app}]\nroot = "${place.dir}/webapps/hello"\nserver_names = ["${name}"]\n`,
    );
  const emit = (config: string) => run([hostctl, 'emit', '--apply', '--out', tree, '-c', config]);
  // The first time there is no nginx to ask.
  const first = await run([hostctl, 'emit', 'nginx', '--out', tree, '-c', configure('one.test')]);
  assert.equal(first.code, 0, first.stderr);
  await startNginx(place, tree, port);
  const status = async (host: string) => (await ask({ to: { port }, host, path: '/static/a.txt' })).status;
  assert.equal(await status('one.test'), 200);

  const moved = await emit(configure('two.test'));
  assert.deepEqual([moved.code, moved.stderr], [0, '']);
  assert.equal(moved.stdout, 'wrote /etc/nginx/sites-available/hello\n');
  const file = `${tree}/etc/nginx/sites-available/hello`;
  assert.match(readFileSync(file, 'utf8'), /two\.test/);
  assert.deepEqual((await emit(configure('two.test'))).stdout, '');

  // Somebody else's mistake: the test fails, and what was there stays.
  const bad = place.write('tree/etc/nginx/sites-enabled/bad', 'server { listen nowhere; banana }\n');
  const refused = await emit(configure('three.test'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /cannot use the new files of nginx: .*\n {2}try: .*the old files are back/);
  assert.match(readFileSync(file, 'utf8'), /two\.test/);
  rmSync(bad);
  assert.equal((await emit(configure('three.test'))).code, 0);
  await until('nginx to have the third name', async () => (await status('three.test')) === 200);

  // A site that was disabled stays so.
  assert.equal((await run([hostctl, 'nginx', 'disable', 'hello', '--out', tree])).code, 0);
  assert.equal((await emit(configure('fourth.test'))).stdout, 'wrote /etc/nginx/sites-available/hello\n');
  assert.ok(!existsSync(`${tree}/etc/nginx/sites-enabled/hello`));
  assert.equal((await run([hostctl, 'nginx', 'enable', 'hello', '--out', tree])).code, 0);

  // An app that is gone takes its files with it, and nobody else's.
  const other = place.write('tree/etc/nginx/sites-available/other', '# by hand\n');
  const gone = await emit(configure('three.test', 'goodbye'));
  assert.deepEqual([gone.code, gone.stderr], [0, '']);
  assert.match(
    gone.stdout,
    /^wrote .*goodbye\n[\s\S]*^removed .*sites-enabled\/hello\nremoved .*sites-available\/hello\n$/m,
  );
  assert.ok(!existsSync(file) && existsSync(other));
  // But not while the configuration has errors.
  assert.equal((await emit(configure('three.test', 'third" broken'))).code, 1);
  assert.ok(existsSync(`${tree}/etc/nginx/sites-available/goodbye`));
});

test('hostctl update brings a change to nginx, and says why it does not', {
  skip: needs('nginx') || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self() });
  const tree = place.directory('tree');
  const nginx = `${tools.nginx} -e ${place.dir}/nginx/error.log -c ${place.dir}/nginx/nginx.conf`;
  const port = await freePort();
  const hostd = await startHostd(place, {
    apps: [app],
    config: {
      proxy: { enabled: false, listen: [`127.0.0.1:${port}`] },
      emit: { formats: ['nginx'], out: tree, nginx_test: `${nginx} -t`, nginx_reload: `${nginx} -s reload` },
    },
  });
  assert.equal((await hostd.hostctl('emit', 'nginx', '--out', tree)).code, 0);
  await startNginx(place, tree, port);
  const status = async (host: string) => (await ask({ to: { port }, host })).status;
  assert.equal(await status('tiny.test'), 200);

  const file = `${place.dir}/etc/apps.d/tiny.toml`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('"tiny.test"', '"tiny.test", "second.test"'));
  const updated = await hostd.hostctl('update');
  assert.equal(updated.code, 0, updated.stderr);
  assert.match(
    readFileSync(`${tree}/etc/nginx/sites-available/tiny`, 'utf8'),
    /server_name tiny\.test second\.test;/,
  );
  await until('nginx to know the second name', async () => (await status('second.test')) === 200);
  assert.match(hostd.output(), /emit: wrote \/etc\/nginx\/sites-available\/tiny/);

  place.write('tree/etc/nginx/sites-enabled/bad', 'banana;\n');
  writeFileSync(file, readFileSync(file, 'utf8').replace('second.test', 'third.test'));
  const failed = await hostd.hostctl('update');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /\[emit\]: cannot use the new files of nginx: [\s\S]*banana/);
  assert.match(readFileSync(`${tree}/etc/nginx/sites-available/tiny`, 'utf8'), /second\.test/);
});
