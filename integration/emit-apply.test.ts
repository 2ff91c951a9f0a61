// [emit]: a change of the configuration reaches a running nginx, and a bad set of files does not.

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import { needs, startNginx, tools } from './emit/tools.ts';
import { freePort } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

const hostctl = new URL('../bin/hostctl', import.meta.url).pathname;

test('nginx is tested and reloaded after a change, and gets the old files back when the test fails', {
  skip: needs('nginx'),
  timeout: 60_000,
}, async t => {
  const place = makePlace(t);
  const port = await freePort();
  const tree = place.directory('tree');
  place.write('webapps/hello/static/a.txt', 'a');
  place.directory('webapps/hello/logs');
  const nginx = `${tools.nginx} -e ${place.dir}/nginx/error.log -c ${place.dir}/nginx/nginx.conf`;
  const configure = (name: string) =>
    place.write(
      'hostd.toml',
      `[proxy]\nlisten = ["127.0.0.1:${port}"]\n[emit]\nformats = ["nginx"]
nginx_test = "${nginx} -t"\nnginx_reload = "${nginx} -s reload"
[app.hello]\nroot = "${place.dir}/webapps/hello"\nserver_names = ["${name}"]\n`,
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
});
