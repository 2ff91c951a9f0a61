// What is secret in a file that only root reads stays so in everything that is made of it: another user of the machine looks
// through all of it, and finds nothing; who has to read it still can.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { makePlace } from './harness/place.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');
const secret = 'the-secret-of-a-closed-file';

test('no file that emit or import writes tells another user what a closed file says', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const root = `${place.dir}/w/hello`;
  const table = `[app.hello]\nroot = "${root}"\nuser = "${a.name}"\nserver_names = ["hello.test"]\ngunicorn_args = ["--statsd-prefix=${secret}"]`;
  const config = place.write(
    'hostd.toml',
    `${table}\n[app.hello.env]\nSECRET_KEY = "${secret}"\n[app.hello.program.job]\ncommand = "/bin/sleep 9"\nenvironment = { TOKEN = "${secret}" }\n`,
    0o600,
  );
  const tree = place.directory('tree');
  // One start script in a directory of root's, and one in the app's own.
  place.directory('tree/etc/supervisor/conf.d');
  place.write('tree/etc/supervisor/conf.d/hello.conf', 'old, and open to all\n', 0o644);
  await run(['mkdir', '-p', `${tree}${root}/bin`, `${place.dir}/own${root}/bin`]);
  await run(['chown', '-R', `${a.uid}:${a.gid}`, `${place.dir}/own${root}`]);
  for (const format of ['supervisor', 'gunicorn-start', 'nginx', 'systemd'])
    for (const out of [tree, `${place.dir}/own`]) {
      const ran = await run([hostctl, 'emit', format, '--out', out, '-c', config]);
      assert.equal(ran.code, 0, ran.stderr);
    }
  const supervisor = place.write(
    'supervisord.conf',
    `[program:job]\ncommand = /bin/sleep 9\nuser = nobody\nenvironment = TOKEN="${secret}"\n`,
    0o600,
  );
  const imported = await run([hostctl, 'import', 'supervisor', supervisor, '--out', `${tree}/apps.d`]);
  assert.equal(imported.code, 0, imported.stderr);

  const found = async (who: typeof a | undefined) =>
    (await run(['grep', '-rlF', secret, place.dir], who === undefined ? {} : { as: who })).stdout
      .split('\n')
      .filter(line => line !== '')
      .map(line => line.slice(place.dir.length + 1))
      .sort();
  assert.deepEqual(await found(b), []);
  const script = `${root.slice(1)}/bin/gunicorn_start`;
  assert.deepEqual(await found(a), [`own/${script}`, `tree/${script}`]);
  for (const out of ['own', 'tree'])
    assert.equal((await run(['test', '-x', `${place.dir}/${out}/${script}`], { as: a })).code, 0);
  const all = await found(undefined);
  for (const path of ['etc/supervisor/conf.d/hello.conf', 'etc/systemd/system/hello.env', 'apps.d/job.toml'])
    assert.ok(all.includes(`tree/${path}`), path);
  assert.equal(all.includes('tree/etc/nginx/sites-available/hello'), false);
});
