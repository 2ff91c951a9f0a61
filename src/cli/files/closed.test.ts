import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostctl } from '../client/fake-daemon.test.ts';
import { noWiderThan } from './closed.ts';

const plain = '[app.hello]\nroot = "/w/hello"\n';
const secret = `${plain}[app.hello.env]\nSECRET_KEY = "s3cret"\n`;

function place(t: TestContext, toml: string, mode = 0o644) {
  const dir = mkdtempSync(join(tmpdir(), 'closed-test-'));
  chmodSync(dir, 0o755);
  t.after(() => rmSync(dir, { recursive: true }));
  const config = join(dir, 'hostd.toml');
  writeFileSync(config, toml);
  chmodSync(config, mode);
  const out = join(dir, 'out');
  return {
    dir,
    config,
    out,
    run: (...args: string[]) => hostctl(args, { env: { HOSTD_CONFIG: config, SHELL_SECRET: 's3cret' } }),
    mode: (path: string) => (statSync(`${out}/${path}`).mode & 0o777).toString(8),
  };
}

const conf = 'etc/supervisor/conf.d/hello.conf';
const unit = 'etc/systemd/system/hello.service';
const variables = 'etc/systemd/system/hello.env';
const script = 'w/hello/bin/gunicorn_start';
const vhost = 'etc/nginx/sites-available/hello';

test('what has no variables of its own, from a file for everybody, is for everybody', async t => {
  const { run, out, mode } = place(t, plain);
  for (const format of ['all', 'systemd']) await run('emit', format, '--out', out);
  assert.deepEqual([conf, unit, script, vhost].map(mode), ['644', '644', '755', '644']);
});

test('variables are for who has to read them, whatever the configuration is', async t => {
  const { run, out, mode } = place(t, `${secret}[app.hello.program.job]\ncommand = "/bin/true"\n`);
  for (const format of ['all', 'systemd']) await run('emit', format, '--out', out);
  // The variables have a file of their own: systemd would tell those in the classic unit to everybody.
  assert.deepEqual([conf, unit, variables, script, vhost].map(mode), ['600', '644', '600', '700', '644']);
});

test('what comes from a closed file is closed, but for host names and places', async t => {
  const { run, out, mode } = place(t, plain, 0o600);
  for (const format of ['all', 'systemd']) await run('emit', format, '--out', out);
  assert.deepEqual([conf, unit, script, vhost].map(mode), ['600', '600', '700', '644']);
});

test('a file that was open when there was no secret in it is closed when there is one', async t => {
  const { run, out, config, mode } = place(t, plain);
  await run('emit', 'gunicorn-start', '--out', out);
  writeFileSync(config, secret);
  await run('emit', 'gunicorn-start', '--out', out);
  assert.equal(mode(script), '700');
  // A file that somebody has opened again differs.
  chmodSync(`${out}/${script}`, 0o755);
  assert.equal((await run('emit', 'gunicorn-start', '--out', out, '--check')).code, 1);
  await run('emit', 'gunicorn-start', '--out', out);
  assert.equal(mode(script), '700');
});

test('a file that somebody has closed stays closed when it is written again', async t => {
  const { run, out, config, mode } = place(t, plain);
  await run('emit', 'all', '--out', out);
  for (const path of [conf, script, vhost]) chmodSync(`${out}/${path}`, path === script ? 0o700 : 0o600);
  writeFileSync(config, `${plain}server_names = ["other.test"]\nworkers = 7\nstopwaitsecs = 99\n`);
  assert.match((await run('emit', 'all', '--out', out)).stdout, /wrote/);
  assert.deepEqual([conf, script, vhost].map(mode), ['600', '700', '600']);
});

test('a directory on the way closes a file, too', t => {
  const { dir } = place(t, plain);
  mkdirSync(join(dir, 'private'));
  const file = join(dir, 'private', 'a');
  writeFileSync(file, '');
  assert.equal(noWiderThan(0o755, [file], 'directories'), 0o755);
  chmodSync(join(dir, 'private'), 0o700);
  assert.equal(noWiderThan(0o755, [file], 'directories'), 0o700);
  assert.equal(noWiderThan(0o755, [file], 'nothing'), 0o755);
  assert.equal(noWiderThan(0o644, [join(dir, 'missing')], 'nothing'), 0o600);
});

test('import is as closed as what it read, and takes nothing from the caller', async t => {
  const { dir, run, out, mode } = place(t, plain);
  const file = join(dir, 'supervisord.conf');
  mkdirSync(join(dir, 'conf.d'));
  writeFileSync(file, `[supervisord]\n[include]\nfiles = ${dir}/conf.d/*.conf\n`);
  const included = join(dir, 'conf.d', 'job.conf');
  writeFileSync(
    included,
    '[program:job]\ncommand = /bin/sleep 60\nenvironment = A=%(ENV_SHELL_SECRET)s,B=1\n',
  );
  const open = await run('import', 'supervisor', file, '--out', out);
  assert.equal(mode('job.toml'), '644');
  assert.match(open.stderr, /A is left out: only Supervisor's own environment has the SHELL_SECRET in it/);
  chmodSync(included, 0o600);
  rmSync(out, { recursive: true });
  await run('import', 'supervisor', file, '--out', out);
  assert.equal(mode('job.toml'), '600');
  assert.doesNotMatch((await run('import', 'supervisor', file)).stdout, /s3cret/);
});

test('an error shows no value of a variable', async t => {
  for (const table of [
    '[app.hello]\nroot = "/w"\nenvironment = "A=\\"s3cret\\",B=s3cret x"\n',
    '[program.a]\ncommand = "/bin/true"\nenvironment = { A = "s3cret%" }\n',
    '[app.hello]\nroot = "/w"\nenv = ["s3cret"]\n',
    '[app.hello]\nroot = "/w"\n[app.hello.env]\nA = "s3cret" s3cret\n',
    '[app.hello]\nroot = "/w"\n[app.hello.env]\nA = "s3cret\n',
    '[app.hello]\nroot = "/w"\n[app.hello.env]\nA = ["s3cret"]\n',
  ]) {
    const { run } = place(t, table);
    const { code, stdout, stderr } = await run('check');
    assert.equal(code, 1, table);
    assert.doesNotMatch(stdout + stderr, /s3cret/, table);
  }
});
