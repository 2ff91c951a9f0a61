// [emit] beside an app that does not want its files to be read or written: the others get theirs, nginx is reloaded, and nobody waits.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../scripts/run.ts';
import { type Account, needsRoot, testAccounts } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');

/** Two apps, of which "evil" comes first; nginx is a command that notes that it was called. */
async function stage(
  t: TestContext,
): Promise<{ place: Place; a: Account; evil: string; emit(): ReturnType<typeof run> }> {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const tree = place.directory('tree');
  const app = (name: string, { name: user, uid, gid }: Account) => {
    for (const path of [`tree${place.dir}/apps/${name}`, `tree${place.dir}/apps/${name}/bin`])
      chownSync(place.directory(path), uid, gid);
    return `[app.${name}]\nroot = "${place.dir}/apps/${name}"\nuser = "${user}"\nserver_names = ["${name}.test"]\n`;
  };
  const config = place.write(
    'hostd.toml',
    `[emit]\nformats = ["gunicorn-start", "nginx"]\nnginx_test = "true"\nnginx_reload = "touch ${place.dir}/reloaded"\n${app('evil', a)}${app('good', b)}`,
  );
  const emit = () => run([hostctl, 'emit', '--apply', '--out', tree, '-c', config], { timeout: 120_000 });
  return { place, a, evil: `${tree}${place.dir}/apps/evil`, emit };
}

/** What the other app and nginx got. */
function othersHaveTheirs({ dir }: Place): void {
  assert.match(readFileSync(`${dir}/tree${dir}/apps/good/bin/gunicorn_start`, 'utf8'), /exec/);
  assert.match(readFileSync(`${dir}/tree/etc/nginx/sites-available/good`, 'utf8'), /good\.test/);
  assert.ok(existsSync(`${dir}/reloaded`), 'nginx is reloaded');
}

const tricks = {
  'a link in place of its bin/': 'rmdir bin; ln -s /tmp bin',
  'a file in place of its bin/': 'rmdir bin; touch bin',
  'a directory in place of its start script': 'mkdir bin/gunicorn_start',
  'a bin/ that even it cannot write to': 'chmod 0 bin',
  'a start script of a hundred gigabytes': 'truncate -s 100G bin/gunicorn_start',
};

for (const [what, trick] of Object.entries(tricks))
  test(`${what} costs its own app alone`, { skip: needsRoot }, async t => {
    const { place, a, evil, emit } = await stage(t);
    execFileSync('sh', ['-c', trick], { cwd: evil, uid: a.uid, gid: a.gid });
    const emitted = await emit();
    assert.equal(emitted.code, 1);
    assert.match(emitted.stderr, /^hostctl: cannot .*apps\/evil\/bin.*\n {2}try: /);
    othersHaveTheirs(place);
    assert.ok(!existsSync(`${place.dir}/tree/etc/nginx/sites-available/evil`), 'nothing of it is half done');
  });

test('a FIFO in place of its start script is replaced, and a lease on it makes nobody wait', {
  skip: needsRoot,
}, async t => {
  const { place, a, evil, emit } = await stage(t);
  execFileSync('mkfifo', [`${evil}/bin/gunicorn_start`], { uid: a.uid, gid: a.gid });
  assert.equal((await emit()).code, 0);
  othersHaveTheirs(place);

  const lease = `
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
f = open("bin/gunicorn_start", "r+")
fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
`;
  const child: ChildProcess = spawn('/usr/bin/python3', ['-c', lease], {
    cwd: evil,
    uid: a.uid,
    gid: a.gid,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout?.on('data', chunk => (said += chunk));
  await until('the lease', () => said.includes('held'));
  const begun = performance.now();
  const emitted = await emit();
  assert.ok(performance.now() - begun < 40_000, 'lease-break-time is 45 s');
  assert.equal(emitted.code, 1);
  assert.match(emitted.stderr, /gunicorn_start": a program keeps it to itself \(EAGAIN\)/);
  child.kill('SIGKILL');
  await ended;
});

test('while [emit] takes its time after an update, other commands go on', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const root = place.directory('app');
  chownSync(root, a.uid, a.gid);
  const gate = `${place.dir}/gate`;
  execFileSync('mkfifo', [gate]);
  const app = (name: string) =>
    `[app.site]\nroot = "${root}"\nproject = "${root}"\nuser = "${a.name}"\ncommand = "/bin/sleep 100000"\nserver_names = ["${name}"]\n`;
  const nginx = { out: place.directory('tree'), nginx_test: `cat ${gate}`, nginx_reload: 'true' };
  const hostd = await startHostd(place, {
    files: { 'site.toml': app('one.test') },
    config: { proxy: { enabled: false }, emit: { formats: ['nginx'], ...nginx } },
  });
  place.write('etc/apps.d/site.toml', app('two.test'));
  let isOver = false;
  const updated = hostd.hostctl('update').finally(() => {
    isOver = true;
  });
  const file = `${nginx.out}/etc/nginx/sites-available/site`;
  await until(
    'the file to be written',
    () => existsSync(file) && readFileSync(file, 'utf8').includes('two.test'),
  );
  assert.equal((await hostd.hostctl('restart', 'site')).code, 0);
  assert.equal((await hostd.hostctl('update', '--dry-run')).code, 0);
  assert.equal((await hostd.hostctl('stop', 'site')).code, 0);
  assert.equal(isOver, false, 'the update still waits for nginx -t');
  writeFileSync(gate, '');
  assert.equal((await updated).code, 0, (await updated).stderr);
});
