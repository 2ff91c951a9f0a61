// hostd check, with and without --deep, on a real Django site in a real virtualenv: each mistake is found, with its place and
// the next move, and the sound site has nothing to be said of it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import { tomlText } from '../scripts/toml-text.ts';
import { isRoot, needsRoot, proxyAccount, testAccounts } from './harness/accounts.ts';
import { djangoApp, type TestApp } from './harness/apps.ts';
import { checkout } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { look } from './harness/processes.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { makePemBetween } from './proxy/pem.ts';

const day = 86_400_000;
const skip = needsVirtualenv('recent') || needsRoot;

let place: Place;
let app: TestApp;
let port: number;
const endings: (() => void | Promise<void>)[] = [];

before(async () => {
  if (skip !== false || !isRoot) return;
  place = makePlace({ after: (action: () => void | Promise<void>) => void endings.push(action) } as never);
  const { a } = await testAccounts();
  app = await djangoApp(place, 'hello', { account: a });
  makeVirtualenv(app.root);
  port = await freePort();
});

after(async () => {
  for (const end of endings) await end();
});

/** One of its own, whose packages are the cached one's. */
function makeVirtualenv(root: string): void {
  rmSync(`${root}/bin/python`);
  execFileSync(realpathSync(`${virtualenv('recent').root}/bin/python`), [
    '-m',
    'venv',
    '--without-pip',
    root,
  ]);
  const library = readdirSync(`${root}/lib`).find(name => name.startsWith('python3')) ?? '';
  const from = `${virtualenv('recent').root}/lib/${library}/site-packages`;
  for (const name of readdirSync(from))
    if (!/^uvicorn/.test(name))
      symlinkSync(`${from}/${name}`, `${root}/lib/${library}/site-packages/${name}`);
  chmodSync(root, 0o755);
}

type Keys = Readonly<Record<string, unknown>>;

/** What check says of the site with these keys in place of its own. */
async function check(keys: Keys = {}, ...options: readonly string[]) {
  const { dir } = place;
  const table = { ...app.table, ...keys };
  place.write('etc/apps.d/hello.toml', tomlText({ app: { hello: table } } as never));
  const own = { runtime_dir: `${dir}/run`, state_dir: `${dir}/lib`, log_dir: `${dir}/log` };
  const proxy = {
    listen: [`127.0.0.1:${port}`],
    tls_listen: [`127.0.0.1:${port === 65_535 ? 1024 : port + 1}`],
    user: proxyAccount().name,
  };
  const config = place.write(
    'etc/hostd.toml',
    tomlText({
      hostd: { include: ['apps.d/*.toml'], ...own },
      control: { socket: `${dir}/run/s`, group: 'root' },
      proxy,
    }),
  );
  const env = { PATH: process.env['PATH'], HOME: dir };
  const ran = await run([`${checkout}/bin/hostd`, 'check', '-c', config, ...options], {
    env,
    timeout: 120_000,
  });
  return `${ran.code}\n${ran.stdout.replaceAll(dir, 'DIR')}${ran.stderr}`;
}

/** Changes something, looks, and changes it back. */
async function meanwhile(change: () => void, back: () => void, look: () => Promise<void>): Promise<void> {
  change();
  try {
    await look();
  } finally {
    back();
  }
}

/** A file of the project with this text at its end. */
function withText(file: string, text: string, look: () => Promise<void>): Promise<void> {
  const path = `${app.root}/hello/${file}`;
  const kept = readFileSync(path, 'utf8');
  return meanwhile(
    () => writeFileSync(path, kept + text),
    () => writeFileSync(path, kept),
    look,
  );
}

/** Line and column of the key in hello.toml are in the message. */
const at = (key: string) => {
  const lines = readFileSync(`${place.dir}/etc/apps.d/hello.toml`, 'utf8').split('\n');
  // A key that is not written stands where its table begins.
  const line = lines.findIndex(line => line.startsWith(`${key} =`));
  return `DIR/etc/apps.d/hello.toml:${(line < 0 ? lines.indexOf('[app.hello]') : line) + 1}:1: `;
};
const expect = (said: string, key: string, ...rest: readonly (string | RegExp)[]) => {
  assert.ok(said.includes(at(key)), `${at(key)}\nin\n${said}`);
  for (const part of rest)
    if (typeof part === 'string') assert.ok(said.includes(part), `${part}\nin\n${said}`);
    else assert.match(said, part);
};

test('a sound site has no problem, plain or deep', { skip }, async () => {
  assert.equal(await check(), '0\nok: 1 app, 1 program\n');
  assert.equal(await check({}, '--deep'), '0\nok: 1 app, 1 program\n');
});

test('modules that are not there', { skip }, async () => {
  const wsgi = await check({ wsgi: 'hello.wsgii' });
  expect(
    wsgi,
    'wsgi',
    '1\n',
    'cannot find module "hello.wsgii": no "wsgii" in "DIR/webapps/hello/hello/hello"',
  );
  expect(wsgi, 'wsgi', '\n  try: wsgi = "hello.wsgi"\n');
  const settings = await check({ settings: 'hello.setings' });
  expect(
    settings,
    'settings',
    'cannot find module "hello.setings"',
    '\n  try: settings = "hello.settings"\n',
  );
  const whole = await check({ settings: 'helo.settings', wsgi: 'helo.wsgi' });
  expect(whole, 'settings', '\n  try: settings = "hello.settings"\n');
  const inner = await check({ project: `${app.root}/hello/hello` });
  expect(inner, 'project', 'is the package "hello" itself', '\n  try: project = "DIR/webapps/hello/hello"\n');
});

test('worker classes that are not installed, or nobody’s', { skip }, async () => {
  const uvicorn = await check({ worker_class: 'uvicorn.workers.UvicornWorker' });
  expect(
    uvicorn,
    'worker_class',
    'needs the package "uvicorn", which is not installed',
    /try: .*bin\/pip install uvicorn$/m,
  );
  expect(await check({ worker_class: 'gevnt' }), 'worker_class', 'try: worker_class = "gevent"');
});

test('a virtualenv whose Python is gone', { skip }, async () => {
  const python = `${app.root}/bin/python`;
  await meanwhile(
    () => {
      renameSync(python, `${python}.kept`);
      symlinkSync('/usr/bin/python3.3', python);
    },
    () => {
      rmSync(python);
      renameSync(`${python}.kept`, python);
    },
    async () =>
      expect(
        await check(),
        'root',
        'Python is gone',
        '"/usr/bin/python3.3", which does not exist',
        /try: as \S+: rm \S+\/bin\/python\*; python3 -m venv /,
      ),
  );
});

test('what the app’s user and the proxy’s may not read', { skip }, async () => {
  const settings = `${app.root}/hello/hello/settings.py`;
  const mode = (path: string, closed: number, look: () => Promise<void>) =>
    meanwhile(
      () => chmodSync(path, closed),
      () => chmodSync(path, path === settings ? 0o644 : 0o755),
      look,
    );
  chownSync(settings, 0, 0);
  await mode(settings, 0o600, async () =>
    expect(
      await check(),
      'settings',
      `its user "hostd-test-a" may not read "${settings.replace(place.dir, 'DIR')}" (-rw-------`,
      /try: chown hostd-test-a /,
    ),
  );
  await mode(`${place.dir}/webapps`, 0o700, async () => {
    const said = await check();
    expect(said, 'root', 'may not enter "DIR/webapps" (drwx------', 'try: chmod o+x DIR/webapps\n');
    assert.match(said, /"www-data" may not enter "DIR\/webapps"/);
  });
  await mode(`${app.root}/static`, 0o700, async () =>
    expect(
      await check(),
      'static',
      '"www-data" may not read "DIR/webapps/hello/static"',
      '/static/ is answered with 403',
      'try: chmod o+rx ',
    ),
  );
  await mode(app.root, 0o700, async () =>
    assert.match(
      await check(),
      /"www-data" may not enter "DIR\/webapps\/hello" .*403.*\n {2}try: chmod o\+x DIR\/webapps\/hello\n/,
    ),
  );
  const missing = await check({ static: `${app.root}/nothing/` });
  expect(missing, 'static', '0\n', 'warning: ', 'does not exist', 'manage.py collectstatic');
  execFileSync('touch', [`${app.root}/logs/nginx-access.log`]);
  chownSync(`${app.root}/logs/nginx-access.log`, 0, 0);
  assert.match(
    await check(),
    /is not its user's: it can be written, and not rotated\n {2}try: chown \d+:\d+ DIR\/webapps\/hello\/logs\/nginx-access\.log\n/,
  );
  rmSync(`${app.root}/logs/nginx-access.log`);
});

test('certificates: the pair, the names, the end', { skip }, async () => {
  const keys = place.directory('keys');
  const make = (name: string, days: readonly [number, number], ...hosts: string[]) => {
    const made = makePemBetween(
      keys,
      name,
      days.map(n => Date.now() + n * day) as [number, number],
      ...hosts,
    );
    return { certificate: made.certificate, certificate_key: made.key };
  };
  const good = make('good', [-1, 80], 'hello.test');
  assert.equal(await check(good), '0\nok: 1 app, 1 program\n');
  const other = make('other', [-1, 80], 'other.test');
  expect(
    await check({ ...good, certificate_key: other.certificate_key }),
    'certificate_key',
    'belongs to another certificate',
  );
  expect(
    await check(other),
    'certificate',
    '1\n',
    'is for other.test, and not for hello.test',
    'try: certbot ',
  );
  expect(await check(make('old', [-9, -2], 'hello.test')), 'certificate', '1\n', 'is valid no more since ');
  expect(
    await check(make('late', [-9, 10], 'hello.test')),
    'certificate',
    '0\n',
    'warning: ',
    'ends in 9 days',
  );
  const two = await check({ ...good, server_names: ['hello.test', 'www.hello.test'] });
  expect(two, 'certificate', 'warning: ', 'is not for www.hello.test');
});

test('a port that another process has, and a full disk', { skip }, async () => {
  const server: Server = createServer().listen(port, '127.0.0.1');
  try {
    const said = await check();
    assert.match(
      said,
      new RegExp(
        `^DIR/etc/hostd\\.toml:\\d+:\\d+: \\[proxy\\]: cannot listen on 127\\.0\\.0\\.1:${port}: it is used by ".+" \\(pid ${process.pid}\\)$`,
        'm',
      ),
    );
  } finally {
    server.close();
  }
  // In a mount namespace of its own, with a small file system for the logs.
  const script = `mount -t tmpfs -o size=256k none "$1" && head -c 1000000 /dev/zero >"$1/fill"; shift; exec "$@"`;
  mkdirSync(`${place.dir}/log`, { recursive: true });
  const argv = [`${checkout}/bin/hostd`, 'check', '-c', `${place.dir}/etc/hostd.toml`];
  await check();
  const { stdout, code } = await run([
    'unshare',
    '-m',
    'sh',
    '-c',
    script,
    'sh',
    `${place.dir}/log`,
    ...argv,
  ]);
  assert.equal(code, 1, stdout);
  assert.match(
    stdout,
    /hostd\.toml:\d+:\d+: \[hostd\]: log_dir ".*\/log": its file system is full\n {2}try: df -h /,
  );
});

test('deep: code that does not load, with the line that is at fault', { skip }, async () => {
  const deep = () => check({}, '--deep');
  await withText('hello/urls.py', '\nimport nosuchmodule\n', async () =>
    expect(
      await deep(),
      'settings',
      '1\n',
      "cannot import its URLs: ModuleNotFoundError: No module named 'nosuchmodule' (DIR/webapps/hello/hello/hello/urls.py:",
      'try: sudo -u hostd-test-a DIR/webapps/hello/bin/pip install nosuchmodule',
    ),
  );
  await withText('hello/settings.py', '\nX = (\n', async () =>
    expect(
      await deep(),
      'settings',
      'cannot import settings "hello.settings": SyntaxError: ',
      'hello/settings.py:',
      'try: hostctl exec hello -- python manage.py check',
    ),
  );
  await withText('hello/wsgi.py', '\ndel application\n', async () =>
    expect(
      await deep(),
      'wsgi',
      "cannot import wsgi \"hello.wsgi\": AttributeError: module 'hello.wsgi' has no 'application'",
    ),
  );
  await withText('hello/settings.py', '\nALLOWED_HOSTS = ["x.test"]\n', async () =>
    expect(await deep(), 'settings', 'ALLOWED_HOSTS has not hello.test: Django answers with 400'),
  );
  await withText('hello/settings.py', '\nDEBUG = True\n', async () =>
    expect(await deep(), 'settings', '0\n', 'warning: ', 'DEBUG is on'),
  );
  for (const hosts of ['["x.test"]', '[]'])
    await withText('hello/settings.py', `\nDEBUG = True\nALLOWED_HOSTS = ${hosts}\n`, async () =>
      expect(await deep(), 'settings', '1\n', 'DEBUG is on', 'ALLOWED_HOSTS has not hello.test'),
    );
});

test('deep: a database that is not there, and migrations that are not applied', { skip }, async () => {
  const url = (path: string) => ({ env: { ...(app.table['env'] as Keys), DATABASE_URL: path } });
  const gone = await check(url('postgres://x:y@127.0.0.1:1/z'), '--deep');
  expect(gone, 'wsgi', '1\n', 'Error loading psycopg', /try: .*bin\/pip install 'psycopg\[binary\]'$/m);
  const none = await check(url(`sqlite:///${app.root}/data/other.sqlite3`), '--deep');
  expect(
    none,
    'settings',
    'its database "DIR/webapps/hello/data/other.sqlite3" does not exist',
    'manage.py migrate',
  );
  const file = `${app.root}/data/empty.sqlite3`;
  writeFileSync(file, '');
  const closed = await check(url(`sqlite:///${file}`), '--deep');
  expect(closed, 'settings', '1\n', 'may not write "DIR/webapps/hello/data/empty.sqlite3"', 'try: chown ');
  chownSync(file, app.account.uid, app.account.gid);
  const empty = await check(url(`sqlite:///${file}`), '--deep');
  expect(empty, 'settings', '0\n', /warning: .* \d+ migrations are not applied/, 'manage.py migrate');
});

test('deep: the code runs as the app’s user, and cannot keep check, lie about others or leave anything', {
  skip,
}, async () => {
  const told = `${app.root}/data/told`;
  const code = `
import os, subprocess, sys, json
open(${JSON.stringify(told)}, "w").write(json.dumps([os.getuid(), os.getgroups(), os.getsid(0) == os.getpid(), os.environ.get("HOME"), sorted(os.listdir("/proc/self/fd"))]))
print("\\n" + sys.argv[1] + json.dumps([{"key": "hostd", "what": "x"}, {"key": "wsgi", "what": "\\x1b]0;owned\\x07"}]))
children = [subprocess.Popen(["sleep", "1000"], start_new_session=own) for own in (False, True)]
open(${JSON.stringify(`${told}.pid`)}, "w").write(" ".join(str(child.pid) for child in children))
`;
  await withText('hello/settings.py', code, async () => {
    await check({}, '--deep');
    const [uid, groups, leads, home, fds] = JSON.parse(readFileSync(told, 'utf8'));
    assert.equal(uid, app.account.uid);
    assert.ok(!groups.includes(0), groups);
    assert.equal(leads, true);
    assert.notEqual(home, '/root');
    assert.ok(fds.length <= 6, fds);
    const pids = readFileSync(`${told}.pid`, 'utf8').split(' ').map(Number);
    assert.deepEqual(pids.map(look), [null, null], 'a child of the code was left');
  });
  await withText('hello/settings.py', '\nx = b"x" * (3 << 30)\n', async () =>
    expect(await check({}, '--deep'), 'settings', 'MemoryError'),
  );
  await withText('hello/wsgi.py', '\nimport os; os.kill(os.getpid(), 9)\n', async () =>
    expect(await check({}, '--deep'), 'wsgi', 'ended Python while it was loaded (by a signal)'),
  );
});
