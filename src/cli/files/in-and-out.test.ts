import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostctl } from '../client/fake-daemon.test.ts';
import { lineDiff } from './line-diff.ts';

const hello = `[app.hello]\nroot = "/webapps/hello_django"\nuser = "hello"\ngroup = "webapps"\nserver_names = ["hello.test"]\n`;

function place(t: TestContext, toml = hello) {
  const dir = mkdtempSync(join(tmpdir(), 'cli-test-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const config = join(dir, 'hostd.toml');
  writeFileSync(config, toml);
  const run = (...args: string[]) => hostctl(args, { env: { HOSTD_CONFIG: config } });
  return { dir, config, out: join(dir, 'out'), run };
}

test('emit prints one file as it is, and several under their names; no user or directory need exist', async t => {
  const { run } = place(t);
  const one = await run('emit', 'supervisor', '--plain');
  assert.deepEqual([one.code, one.stderr], [0, '']);
  assert.match(one.stdout, /^\[program:hello\]\ncommand = \/webapps\/hello_django\/bin\/gunicorn_start/);
  const all = await run('emit', 'all', 'hello');
  assert.equal(all.code, 0);
  assert.match(all.stdout, /^==> \/etc\/supervisor\/conf\.d\/hello\.conf <==\n/);
  assert.match(all.stdout, /\n==> \/webapps\/hello_django\/bin\/gunicorn_start <==\n#!/);
  // What a format cannot express is on stderr, with its place.
  assert.match(all.stderr, /hostd\.toml:1:1: warning: systemd: .*\n {2}try: /);
});

test('emit --out writes a tree with a script that can be executed and a link, and then has nothing to do', async t => {
  const { run, out } = place(t);
  const first = await run('emit', 'all', '--out', out);
  assert.equal(first.stdout.match(/^wrote /gm)?.length, 6);
  assert.equal(readlinkSync(`${out}/etc/nginx/sites-enabled/hello`), '../sites-available/hello');
  assert.equal(statSync(`${out}/webapps/hello_django/bin/gunicorn_start`).mode & 0o777, 0o755);
  const file = `${out}/etc/nginx/sites-available/hello`;
  const before = statSync(file, { bigint: true });
  assert.match((await run('emit', 'all', '--out', out)).stdout, /^nothing to write: 6 files/);
  const after = statSync(file, { bigint: true });
  assert.deepEqual([after.ino, after.mtimeNs], [before.ino, before.mtimeNs]);
});

test('emit --check prints what differs and exits 1, and says nothing when nothing does', async t => {
  const { run, out, config } = place(t);
  const missing = await run('emit', 'nginx', '--out', out, '--check');
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /^\+server \{$/m);
  await run('emit', 'nginx', '--out', out);
  assert.deepEqual(await run('emit', 'nginx', '--out', out, '--check'), { code: 0, stdout: '', stderr: '' });
  writeFileSync(config, hello.replace('hello.test', 'other.test'));
  const { code, stdout } = await run('emit', 'nginx', '--out', out, '--check');
  assert.equal(code, 1);
  assert.match(stdout, /^- {4}server_name hello\.test;\n\+ {4}server_name other\.test;$/m);
});

test('emit follows no link below --out: not on the way, and not at its end', async t => {
  const { run, out, dir } = place(t);
  mkdirSync(`${dir}/elsewhere`);
  mkdirSync(`${out}/etc/nginx`, { recursive: true });
  symlinkSync(`${dir}/elsewhere`, `${out}/etc/nginx/sites-available`);
  const stopped = await run('emit', 'nginx', '--out', out);
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /cannot go into "\/etc\/nginx\/sites-available": it is a link/);
  mkdirSync(`${out}/etc/supervisor/conf.d`, { recursive: true });
  writeFileSync(`${dir}/precious`, 'precious');
  symlinkSync(`${dir}/precious`, `${out}/etc/supervisor/conf.d/hello.conf`);
  assert.equal((await run('emit', 'supervisor', '--out', out)).code, 0);
  assert.equal(readFileSync(`${dir}/precious`, 'utf8'), 'precious');
  assert.ok(lstatSync(`${out}/etc/supervisor/conf.d/hello.conf`).isFile());
});

test("root writes into an app's directory with the rights of the app", {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  const { run, out } = place(t);
  const bin = `${out}/webapps/hello_django/bin`;
  mkdirSync(bin, { recursive: true });
  chownSync(bin, 65534, 65534);
  assert.equal((await run('emit', 'gunicorn-start', '--out', out)).code, 0);
  assert.equal(statSync(`${bin}/gunicorn_start`).uid, 65534);
  assert.equal(process.geteuid?.(), 0);
});

test('an unknown format, app or mistake of the configuration is told with what may have been meant', async t => {
  const { run } = place(t);
  assert.deepEqual([(await run('emit', 'nginks')).code, (await run('emit')).code], [2, 2]);
  assert.match((await run('emit', 'nginx', 'helo')).stderr, /cannot find the app "helo"\n {2}try: hello\n/);
  const bad = place(t, `${hello}[app.bad]\nrot = "/x"\n`);
  const ran = await bad.run('emit', 'supervisor', '--plain');
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /hostd\.toml:7:1: .*"rot"/);
  assert.match(ran.stdout, /^\[program:hello\]/);
});

test('nginx enable and disable make and remove the link, and leave anything else alone', async t => {
  const { run, out } = place(t);
  assert.match(
    (await run('nginx', 'enable', 'hello', '--out', out)).stderr,
    /there is no .*sites-available\/hello/,
  );
  await run('emit', 'nginx', '--out', out);
  const link = `${out}/etc/nginx/sites-enabled/hello`;
  assert.equal((await run('nginx', 'disable', 'hello', '--out', out)).stdout, 'hello: disabled\n');
  assert.equal(lstatSync(link, { throwIfNoEntry: false }), undefined);
  assert.equal((await run('nginx', 'disable', 'hello', '--out', out)).stdout, 'hello: already disabled\n');
  assert.equal((await run('nginx', 'enable', 'hello', '--out', out)).stdout, 'hello: enabled\n');
  assert.equal((await run('nginx', 'enable', 'hello', '--out', out)).stdout, 'hello: already enabled\n');
  rmSync(link);
  writeFileSync(link, 'by hand');
  assert.equal((await run('nginx', 'disable', 'hello', '--out', out)).code, 1);
  assert.equal(readFileSync(link, 'utf8'), 'by hand');
  assert.equal((await run('nginx', 'enable', '../x')).code, 2);
});

test('import turns what emit wrote into a table again, and reads the start script that the program runs', async t => {
  const { dir, out } = place(t);
  // A root below the test's own directory, so that the script is found where the program says.
  const toml = hello.replace('/webapps/hello_django', `${dir}/root`);
  const own = place(t, toml);
  await own.run('emit', 'supervisor', '--out', out);
  await own.run('emit', 'nginx', '--out', out);
  await own.run('emit', 'gunicorn-start', '--out', '/');
  t.after(() => rmSync(`${dir}/root`, { recursive: true, force: true }));
  const tree = [`supervisor`, `${out}/etc/supervisor/conf.d`, 'nginx', `${out}/etc/nginx/sites-enabled`];
  const ran = await own.run('import', ...tree);
  assert.deepEqual([ran.code, ran.stderr], [0, '']);
  assert.match(ran.stdout, /^\[app\.hello\]\nroot += /m);
  assert.match(ran.stdout, /^server_names = \["hello\.test"\]$/m);
  assert.match(ran.stdout, /^workers += 3$/m);
  assert.match(
    (await own.run('import', ...tree, '--out', `${out}/apps.d`)).stdout,
    /^wrote .*\/apps\.d\/hello\.toml\n$/,
  );
  writeFileSync(`${out}/apps.d/hello.toml`, 'mine');
  assert.equal((await own.run('import', ...tree, '--out', `${out}/apps.d`)).code, 1);
  assert.equal(readFileSync(`${out}/apps.d/hello.toml`, 'utf8'), 'mine');
});

test('import lists what it does not understand with its place, keeps it as a comment, and exits 3 then and 1 for what is broken', async t => {
  const { run, dir } = place(t);
  writeFileSync(
    `${dir}/x.conf`,
    '[program:x]\ncommand = /bin/cat\ncolour = blue\nserverurl = http://x\n[eventlistener:y]\ncommand = /bin/y\nevents = TICK_5\n',
  );
  const ran = await run('import', 'supervisor', `${dir}/x.conf`);
  assert.equal(ran.code, 3);
  assert.match(ran.stderr, /x\.conf:3:1: warning: not imported: colour = blue \(Supervisor ignores it too\)/);
  assert.match(ran.stdout, /^# .*x\.conf:4: serverurl = http:\/\/x {2}\(/m);
  assert.match(ran.stdout, /^\[listener\.y\]\ncommand += "\/bin\/y"\nevents += \["TICK_5"\]$/m);
  writeFileSync(`${dir}/same.conf`, '[program:x]\ncommand = /bin/cat\ncolour = blue\n');
  assert.equal((await run('import', 'supervisor', `${dir}/same.conf`)).code, 0);
  writeFileSync(`${dir}/bad.conf`, '[program:x]\ncommand = /bin/echo 100%\n');
  const bad = await run('import', 'supervisor', `${dir}/bad.conf`);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /bad\.conf:2:1: cannot import: \[program:x\]: "%" is no expansion/);
  assert.equal((await run('import', 'supervisor', '/nonexistent')).code, 1);
  assert.equal((await run('import', 'apache', '/etc')).code, 2);
});

test('an import by root hands the author of a script nothing that root alone can read', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  const { run, dir } = place(t);
  chmodSync(dir, 0o755);
  const start = `${dir}/start`;
  const write = (name: string, mode: number, uid: number) => {
    writeFileSync(`${dir}/${name}`, `${name.toUpperCase()}=value\n`);
    chmodSync(`${dir}/${name}`, mode);
    chownSync(`${dir}/${name}`, uid, uid);
  };
  write('private', 0o600, 0);
  write('open', 0o644, 0);
  write('own', 0o600, 65534);
  writeFileSync(
    start,
    `#!/bin/sh\nset -a\n. ${dir}/private\n. ${dir}/open\n. ${dir}/own\nexec ${dir}/bin/gunicorn a.wsgi -b unix:${dir}/run/g.sock\n`,
  );
  chownSync(start, 65534, 65534);
  const ran = await run('import', 'gunicorn-start', start);
  assert.match(ran.stdout, /^env += \{ OPEN = "value", OWN = "value" \}$/m);
  assert.match(ran.stderr, /private \(this file cannot be read/);
  chownSync(start, 0, 0);
  assert.match((await run('import', 'gunicorn-start', start)).stdout, /PRIVATE = "value"/);
});

test('a difference is shown with three lines around it', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
  assert.equal(lineDiff(before, before, 'x'), '');
  assert.equal(
    lineDiff(before, before.replace('e', 'E'), 'x'),
    '--- x\n+++ x (wanted)\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
  );
  assert.equal(lineDiff('', 'a\n', 'x'), '--- x\n+++ x (wanted)\n@@ -0,0 +1,1 @@\n+a\n');
});
