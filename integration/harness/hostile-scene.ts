// A hostile app's own directories, with a trick in each, beside a tree that belongs to others; and everything that hostd may do
// with these directories.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Account, proxyAccount, testAccounts } from './accounts.ts';
import { type Hostd, startHostd } from './hostd.ts';
import { makePlace, type Place } from './place.ts';
import { until } from './until.ts';

/** A program that answers on its inherited socket, and writes to its log. */
const server = `import socket, sys
listener = socket.socket(fileno=3)
print("hello, log", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\nmine\\n")
    connection.close()
`;

/** Shell, run as the app in its root, where logs/, run/, static/ and media/ are. It must not reach $OUT. */
export type Tricks = Readonly<Record<string, string>>;

export interface Scene {
  readonly place: Place;
  readonly account: Account;
  readonly outside: string;
  readonly config: Record<string, Record<string, string | string[]>>;
  root(name: string): string;
  /** Runs a shell script as the app, in the root of one of its apps. */
  as(name: string, script: string): void;
  /** Everything outside, as it is now. */
  snapshot(): readonly string[];
}

/** An app for each trick, all of one user, and a tree that belongs to others, with files that the proxy's user may read. */
export async function makeScene(t: TestContext, tricks: Tricks): Promise<Scene> {
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
      timeout: 120_000,
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
  const stats = lstatSync(path);
  const { mode, uid, gid, size, nlink, ino, mtimeMs } = stats;
  const content = stats.isFile()
    ? createHash('sha256').update(readFileSync(path)).digest('hex')
    : stats.isSymbolicLink()
      ? readlinkSync(path)
      : '';
  const own = [path, mode, uid, gid, size, stats.isDirectory() ? '' : nlink, ino, mtimeMs, content].join(' ');
  const below = stats.isDirectory() ? readdirSync(path).sort() : [];
  return [own, ...below.flatMap(name => snapshotOf(`${path}/${name}`))];
}

/** Starts hostd on the scene, and makes it meet the tricks, step by step. After each step nothing outside has changed. */
export async function throughAll(
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

export async function allRunning(hostd: Hostd): Promise<void> {
  await until('every program to run', async () => {
    const list = await hostd.status();
    return list.length > 1 && list.every(program => program.state === 'RUNNING');
  });
}
