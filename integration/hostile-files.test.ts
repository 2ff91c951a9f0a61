// A hostile app owns the directories that hostd opens logs, sockets and files in. Whatever it puts there, at whatever
// moment, root writes, chowns, follows and serves nothing outside, and nobody waits for it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type Account, needsRoot, proxyAccount, testAccounts } from './harness/accounts.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const skip = needsRoot;

/** A program that answers on the socket that it was handed, and writes to its log. */
const server = `import socket, sys
listener = socket.socket(fileno=3)
print("hello, log", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\nmine\\n")
    connection.close()
`;

/** Shell, run as the app in its root, where logs/, run/, static/ and media/ are; $OUT is what it should not reach. */
type Tricks = Readonly<Record<string, string>>;

const log = 'logs/gunicorn_supervisor.log';
const socketFile = (path: string) =>
  `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("${path}")'`;

/** The program runs on, its output goes nowhere. */
const logTricks: Tricks = {
  link: `ln -s $OUT/secret ${log}`,
  linktouser: `ln -s $OUT/private ${log}`,
  dangling: `ln -s $OUT/made ${log}`,
  device: `ln -s /dev/full ${log}`,
  magic: `ln -s /proc/self/fd/2 ${log}`,
  loop: `ln -s gunicorn_supervisor.log ${log}`,
  hard: `echo mine >own; ln own ${log}`,
  fifo: `mkfifo ${log}`,
  directory: `mkdir ${log}`,
  socket: socketFile(log),
  dirlink: 'rmdir logs; ln -s $OUT logs',
  dirmagic: 'rmdir logs; ln -s /proc/self/cwd logs',
  dirfile: 'rmdir logs; echo mine >logs',
  dirfifo: 'rmdir logs; mkfifo logs',
  dirclosed: 'chmod 0 logs',
};

/** Served on without an access log. */
const accessTricks: Tricks = {
  accesslink: 'ln -s $OUT/secret logs/nginx-access.log',
  accessmade: 'ln -s $OUT/made logs/nginx-access.log',
  accessfifo: 'mkfifo logs/nginx-access.log',
  accesshard: 'echo mine >own; ln own logs/nginx-access.log',
};

/** The program cannot start: it has put something where its socket has to be. */
const socketTricks: Tricks = {
  socklink: 'ln -s $OUT/victim.sock run/gunicorn.sock',
  sockmade: 'ln -s $OUT/made.sock run/gunicorn.sock',
  sockfile: 'echo mine >run/gunicorn.sock',
  sockfifo: 'mkfifo run/gunicorn.sock',
  sockdir: 'mkdir run/gunicorn.sock',
  runlink: 'rmdir run; ln -s $OUT/run run',
  runmade: 'rmdir run; ln -s $OUT/newrun run',
  runfile: 'rmdir run; echo mine >run',
  runfifo: 'rmdir run; mkfifo run',
};

interface Scene {
  readonly place: Place;
  readonly account: Account;
  readonly outside: string;
  readonly config: Record<string, Record<string, string | string[]>>;
  root(name: string): string;
  /** Runs shell as the app, in the root of one of its apps. */
  as(name: string, script: string): void;
  /** Everything outside, as it is now. */
  snapshot(): readonly string[];
}

/** An app for each trick, all of one user; and a tree that belongs to others, with what the proxy's user may read. */
async function scene(t: TestContext, tricks: Tricks): Promise<Scene> {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const outside = place.directory('outside');
  const www = proxyAccount();
  place.write('outside/secret', 'secret of root\n', 0o600);
  chownSync(place.write('outside/private', 'private\n', 0o600), b.uid, b.gid);
  execFileSync('/usr/bin/python3', [
    '-c',
    `import socket; socket.socket(socket.AF_UNIX).bind("${outside}/victim.sock"); socket.socket(socket.AF_UNIX).bind("${outside}/gunicorn.sock")`,
  ]);
  mkdirSync(`${outside}/run`);
  mkdirSync(`${outside}/www`);
  place.write('outside/www/page.html', 'for the proxy alone', 0o640);
  for (const path of ['www', 'www/page.html']) chownSync(`${outside}/${path}`, 0, www.gid);
  chmodSync(`${outside}/www`, 0o750);
  place.write('server.py', server);
  const root = (name: string) => `${place.dir}/webapps/${name}`;
  const as = (name: string, script: string) =>
    void execFileSync('sh', ['-c', `umask 022; ${script}`], {
      cwd: root(name),
      uid: a.uid,
      gid: a.gid,
      env: { PATH: '/usr/bin:/bin', OUT: outside },
      timeout: 10_000,
    });
  const config: Scene['config'] = {};
  for (const [name, script] of Object.entries(tricks)) {
    chownSync(place.directory(`webapps/${name}`), a.uid, a.gid);
    as(name, 'mkdir logs run static media; echo page >static/page.html');
    as(name, script);
    config[name] = {
      root: root(name),
      project: root(name),
      user: a.name,
      command: `/usr/bin/python3 ${place.dir}/server.py`,
      server_names: [`${name}.test`],
    };
  }
  return { place, account: a, outside, config, root, as, snapshot: () => snapshotOf(outside) };
}

function snapshotOf(path: string): string[] {
  const { mode, uid, gid, size, nlink, ino, mtimeMs } = lstatSync(path);
  const stats = lstatSync(path);
  const content = stats.isFile()
    ? createHash('sha256').update(readFileSync(path)).digest('hex')
    : stats.isSymbolicLink()
      ? readlinkSync(path)
      : '';
  const own = [path, mode, uid, gid, size, stats.isDirectory() ? '' : nlink, ino, mtimeMs, content].join(' ');
  const below = stats.isDirectory() ? readdirSync(path).sort() : [];
  return [own, ...below.flatMap(name => snapshotOf(`${path}/${name}`))];
}

/** Starts hostd on the scene, and takes it through what it may meet the tricks in; after each step nothing has changed. */
async function throughAll(
  { place, config, snapshot }: Scene,
  expected: (hostd: Hostd) => Promise<void>,
): Promise<void> {
  const before = snapshot();
  const names = Object.keys(config);
  const untouched = (when: string) => assert.deepEqual(snapshot(), before, when);
  const hostd = await startHostd(place, { config: { app: config } });
  await expected(hostd);
  untouched('after the start');
  for (const name of names) {
    const begun = performance.now();
    await hostd.hostctl('logs', name, '-n', '5');
    assert.ok(performance.now() - begun < 3000, `logs ${name}`);
  }
  untouched('after reading the logs');
  await hostd.hostctl('restart', ...names);
  await expected(hostd);
  untouched('after a restart of the programs');
  await hostd.kill9();
  const second = await hostd.again();
  await expected(second);
  untouched('after adoption');
  await second.hostctl('stop', 'all');
  untouched('after stop');
  await second.stop();
  const third = await second.again();
  await expected(third);
  place.write(
    'etc/hostd.toml',
    readFileSync(third.config, 'utf8').replaceAll(/^\[app\.(?:.|\n)*?(?=^\[(?!app\.))/gm, ''),
  );
  await third.hostctl('update');
  untouched('after the removal of the apps');
  assert.equal(await third.stop(), 0);
  untouched('at the end');
}

async function allRunning(hostd: Hostd): Promise<void> {
  await until('every program to run', async () => {
    const list = await hostd.status();
    return list.length > 1 && list.every(program => program.state === 'RUNNING');
  });
}

test('a log, or the directory of logs, that an app has replaced leads root nowhere', { skip }, async t => {
  const stage = await scene(t, logTricks);
  await throughAll(stage, async hostd => {
    await allRunning(hostd);
    assert.match(hostd.output(), /cannot (open|rotate) .*gunicorn_supervisor\.log/);
  });
});

test('an access log that an app has replaced leads root nowhere, and its site is served', {
  skip,
}, async t => {
  const stage = await scene(t, accessTricks);
  await throughAll(stage, async hostd => {
    await allRunning(hostd);
    for (const name of Object.keys(accessTricks))
      assert.equal((await hostd.get(`${name}.test`)).text, 'mine\n', name);
  });
});

test('what an app has put in the place of its socket keeps only that app from starting', {
  skip,
}, async t => {
  const stage = await scene(t, { ...socketTricks, good: ':' });
  await throughAll(stage, async hostd => {
    await hostd.state('good', 'RUNNING');
    const list = await hostd.status();
    for (const name of Object.keys(socketTricks)) {
      const program = list.find(p => p.name === name);
      assert.ok(program && program.state !== 'RUNNING' && program.pid === null, `${name} ${program?.state}`);
      assert.match(program.description, /cannot (listen|open|use)/);
    }
    assert.equal((await hostd.get('good.test')).text, 'mine\n');
  });
});

test('a socket that an app replaces while it runs is not followed when it is removed', { skip }, async t => {
  const late: Tricks = {
    link: 'rm run/gunicorn.sock; ln -s $OUT/victim.sock run/gunicorn.sock',
    file: 'rm run/gunicorn.sock; echo mine >run/gunicorn.sock',
    dirlink: 'rm run/gunicorn.sock; rmdir run; ln -s $OUT run',
    gone: 'rm -r run',
    moved: 'mv run old; mkdir run; ln -s ../../../outside/gunicorn.sock run/gunicorn.sock',
  };
  const stage = await scene(t, Object.fromEntries(Object.keys(late).map(name => [name, ':'])));
  const before = stage.snapshot();
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  for (const [name, script] of Object.entries(late)) stage.as(name, script);
  const { code } = await hostd.hostctl('stop', 'all');
  assert.equal(code, 0);
  assert.deepEqual(stage.snapshot(), before);
  assert.equal(readFileSync(`${stage.root('file')}/run/gunicorn.sock`, 'utf8'), 'mine\n');
  await hostd.kill9();
  const next = await hostd.again();
  assert.deepEqual(stage.snapshot(), before);
  assert.equal(await next.stop(), 0);
});

test('a run/ that is root’s own serves as well, also after hostd was killed', { skip }, async t => {
  const stage = await scene(t, { app: ':' });
  chownSync(`${stage.root('app')}/run`, 0, 0);
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  await hostd.kill9();
  const next = await hostd.again();
  assert.doesNotMatch(next.output(), /cannot take/);
  const { pid } = await next.state('app', 'RUNNING');
  process.kill(pid ?? 0, 'SIGKILL');
  assert.equal((await next.get('app.test')).text, 'mine\n');
  assert.equal(await next.stop(), 0);
  assert.deepEqual(readdirSync(`${stage.root('app')}/run`), []);
});

test('a log of a hundred gigabytes is neither read whole nor waited for', { skip }, async t => {
  const stage = await scene(t, {
    huge: `truncate -s 100G ${log}; echo end >>${log}`,
    zero: `truncate -s 1T ${log}`,
  });
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  const begun = performance.now();
  const { stdout, code } = await hostd.hostctl('logs', 'huge', '-n', '2');
  assert.equal(code, 0);
  assert.match(stdout, /end\nhello, log\n$/);
  assert.ok(stdout.length < 20 * 1024 * 1024);
  assert.ok(performance.now() - begun < 5000);
  const memory = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${hostd.pid}/status`, 'utf8'))?.[1];
  assert.ok(Number(memory) < 300 * 1024, `${memory} kB`);
});

test('static and media files that lead outside are not served', { skip }, async t => {
  const stage = await scene(t, {
    static: 'rm -r static; ln -s $OUT/www static',
    media: 'rmdir media; ln -s $OUT/www media',
    file: 'ln -s $OUT/www/page.html static/link.html; ln -s /etc/passwd static/passwd',
    inner: 'ln -s $OUT/www static/inner; ln -s / static/everything',
    hung: 'mkfifo static/fifo; mkdir static/dir; ln -s fifo static/tofifo',
    indirect: 'rm -r static; ln -s $OUT way; ln -s way/www static',
    dangling: 'rm -r static; ln -s $OUT/nothing static',
    own: 'mkdir releases; mv static releases/1; ln -s releases/1 static',
  });
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  const outcomes = {
    'static /static/page.html': [403, 404],
    'static /static/': [403, 404],
    'media /media/page.html': [403, 404],
    'file /static/link.html': [403, 404],
    'file /static/passwd': [403, 404],
    'inner /static/inner/page.html': [403, 404],
    'inner /static/everything/etc/passwd': [403, 404],
    'hung /static/fifo': [403, 404],
    'hung /static/tofifo': [403, 404],
    'indirect /static/page.html': [403, 404],
    'dangling /static/page.html': [403, 404],
    // A link to the app's own files, as a deployment by releases has it.
    'own /static/page.html': [200],
    'hung /static/page.html': [200],
  };
  for (const [what, statuses] of Object.entries(outcomes)) {
    const [name, path] = what.split(' ');
    const begun = performance.now();
    const answer = await hostd.get(`${name}.test`, path);
    assert.ok(statuses.includes(answer.status), `${what}: ${answer.status}`);
    assert.doesNotMatch(answer.text, /for the proxy alone|root:/);
    assert.ok(performance.now() - begun < 2000, what);
  }
});

test('a socket that an app replaces by a link to another app’s is not connected to', { skip }, async t => {
  const stage = await scene(t, { victim: ':', thief: ':', dirthief: ':' });
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  assert.equal((await hostd.get('thief.test')).status, 200);
  stage.as('thief', 'rm run/gunicorn.sock; ln -s ../../victim/run/gunicorn.sock run/gunicorn.sock');
  stage.as('dirthief', 'mv run old; ln -s ../victim/run run');
  // The victim is of the same user here; that of another user is what counts.
  const { b } = await testAccounts();
  for (const path of ['victim', 'victim/run']) chownSync(`${stage.place.dir}/webapps/${path}`, b.uid, b.gid);
  const stolen = await Promise.all(['thief', 'dirthief'].map(name => hostd.get(`${name}.test`)));
  assert.deepEqual(
    stolen.map(answer => answer.status),
    [503, 503],
  );
  assert.equal((await hostd.get('victim.test')).status, 200);
});

test('flipping logs/ and run/ back and forth gains nothing', { skip }, async t => {
  const stage = await scene(t, { flip: ':', other: ':' });
  const before = stage.snapshot();
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  stage.as('flip', 'ln -s $OUT fakelogs; ln -s $OUT fakerun');
  const flipper = `import os, sys
os.chdir(sys.argv[1])
while True:
    for name in ("logs", "run"):
        try:
            os.rename(name, "real" + name); os.rename("fake" + name, name)
            os.rename(name, "fake" + name); os.rename("real" + name, name)
        except OSError: pass
`;
  stage.place.write(
    'etc/apps.d/flipper.toml',
    `[program.flipper]\ncommand = "/usr/bin/python3 ${stage.place.write('flipper.py', flipper)} ${stage.root('flip')}"\nuser = "${stage.account.name}"\nstartsecs = 0\n`,
  );
  await hostd.hostctl('update');
  for (let round = 0; round < 5; round++) {
    await Promise.all([hostd.hostctl('stop', 'flip'), hostd.hostctl('logs', 'flip')]);
    await hostd.hostctl('start', 'flip');
    assert.deepEqual(stage.snapshot(), before);
  }
  await hostd.hostctl('stop', 'flipper');
  assert.equal((await hostd.get('other.test')).text, 'mine\n');
  assert.equal(await hostd.stop(), 0);
  assert.deepEqual(stage.snapshot(), before);
});
