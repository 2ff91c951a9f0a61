// A hostile local user and the files that root's hostd makes: none can be opened, locked or filled by others, also where they
// were made by an earlier version; and whoever holds the lock of that version keeps no hostd from starting.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type Account, needsRoot, proxyAccount, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { look } from './harness/processes.ts';

const skip = needsRoot;

/** argv: directories. Prints every file below that can be opened for reading, then locks them all, and waits. */
const grab = `import fcntl, os, sys, time
kept = []
def look(path):
    try:
        names = os.listdir(path)
    except OSError:
        names = sys.argv[1].split(",")
    for name in names:
        below = os.path.join(path, name)
        if os.path.isdir(below) and not os.path.islink(below):
            look(below)
            continue
        try:
            kept.append(os.open(below, os.O_RDONLY | os.O_NONBLOCK))
            print(below, flush=True)
        except OSError:
            pass
for path in sys.argv[2:]:
    look(path)
if "flock" in os.environ:
    for fd in kept:
        if os.environ["flock"] == "wait" and os.fork() == 0:
            fcntl.flock(fd, fcntl.LOCK_EX)
            time.sleep(1000)
        if os.environ["flock"] == "now":
            fcntl.flock(fd, fcntl.LOCK_EX)
    print("locked", flush=True)
    time.sleep(1000)
`;

/** All names that hostd uses: a directory that cannot be listed can still be searched. */
function namesBelow(...directories: readonly string[]): string {
  const names = directories.flatMap(path => readdirSync(path, { recursive: true, encoding: 'utf8' }));
  return [...new Set(names.flatMap(name => name.split('/')))].join(',');
}

async function startGrab(
  place: Place,
  account: Account,
  flock: 'now' | 'wait',
  paths: readonly string[],
): Promise<ChildProcess> {
  const child = spawn('/usr/bin/python3', ['-c', grab, namesBelow(...paths), ...paths], {
    uid: account.uid,
    gid: account.gid,
    env: { PATH: '/usr/bin', flock, ...place.env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  endWith(place, child);
  await new Promise<void>(resolve => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes('locked')) resolve();
    });
  });
  return child;
}

function endWith(place: Place, child: ChildProcess): void {
  const ended = new Promise(resolve => child.on('exit', resolve));
  place.after(async () => {
    // Those that it has started wait, too.
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // All have ended.
    }
    await ended;
  });
}

function readableFor({ uid, gid }: Account, ...paths: readonly string[]): string[] {
  const args = ['-c', grab, namesBelow(...paths), ...paths];
  return execFileSync('/usr/bin/python3', args, { uid, gid, env: {}, encoding: 'utf8' })
    .trim()
    .split('\n')
    .sort();
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

async function site(t: TestContext) {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const app = await tinyApp(place, { account: a });
  const hostd = await startHostd(place, { apps: [app] });
  return { place, a, b, app, hostd };
}

const pidOf = async (hostd: Hostd) => (await hostd.status()).find(p => p.name === 'tiny')?.pid ?? null;

test('others can open nothing of root’s but what their own programs read', { skip }, async t => {
  const { place, b, hostd } = await site(t);
  const { dir } = place;
  await hostd.hostctl('stop', 'tiny');
  const open = readableFor(b, `${dir}/run`, `${dir}/lib`, `${dir}/log`);
  assert.deepEqual(open, [`${dir}/run/gunicorn.conf.py`]);
  assert.equal(modeOf(`${dir}/run/hostd.sock`), '600');
  assert.equal(modeOf(`${dir}/lib`), '711');
  assert.equal(modeOf(`${dir}/run`), '711');
});

test('the control socket is for root and the operators’ group, and nobody else', { skip }, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const group = execFileSync('id', ['-gn', a.name], { encoding: 'utf8' }).trim();
  const hostd = await startHostd(place, { config: { control: { group }, proxy: { enabled: false } } });
  const { mode, uid, gid } = lstatSync(hostd.socket);
  assert.deepEqual([(mode & 0o7777).toString(8), uid, gid], ['660', 0, a.gid]);
  const connect = `import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])`;
  const as = (gid: number) => () =>
    execFileSync('/usr/bin/python3', ['-c', connect, hostd.socket], { uid: b.uid, gid, stdio: 'pipe' });
  as(a.gid)();
  assert.throws(as(proxyAccount().gid), /Permission denied/);
});

test('what an earlier version, or a careless copy, left open is closed at the start, and said', {
  skip,
}, async t => {
  const { place, a, b, hostd } = await site(t);
  const { dir } = place;
  const pid = await pidOf(hostd);
  await hostd.kill9();
  for (const path of [`${dir}/lib`, `${dir}/run`]) {
    for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' }))
      chmodSync(`${path}/${entry}`, lstatSync(`${path}/${entry}`).isDirectory() ? 0o755 : 0o666);
    chmodSync(path, 0o777);
  }
  // What a stranger has put there meanwhile is not believed.
  const forged = `${dir}/lib/runs/forged.1.json`;
  writeFileSync(forged, readFileSync(`${dir}/lib/runs/${readdirSync(`${dir}/lib/runs`)[0]}`));
  chownSync(forged, b.uid, b.gid);
  const next = await hostd.again();
  assert.equal(await pidOf(next), pid);
  assert.equal(existsSync(forged), false);
  assert.match(next.output(), /removed .*forged\.1\.json/);
  assert.match(next.output(), /put right .*hostd\.lock\\": its mode was 0666, it is 0600 now/);
  assert.deepEqual(readableFor(a, `${dir}/run`, `${dir}/lib`), [`${dir}/run/gunicorn.conf.py`]);
  const modes = ['lib', 'lib/runs', 'lib/hostd.lock', 'lib/lock', 'lib/host.json', 'run', 'run/half-close'];
  assert.deepEqual(
    modes.map(path => modeOf(`${dir}/${path}`)),
    ['755', '700', '600', '600', '600', '755', '711'],
  );
});

test('a state directory that is somebody else’s is refused', { skip }, async t => {
  const place = makePlace(t);
  const { b } = await testAccounts();
  chownSync(place.directory('lib'), b.uid, b.gid);
  const begun = startHostd(place, { config: { proxy: { enabled: false } } });
  await assert.rejects(begun, /cannot start: .*\/lib" is not hostd's own: it belongs to hostd-test-b/);
});

test('a stranger who holds or waits for every lock that can be had ends no hostd: start, upgrade, kill -9', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { b } = await testAccounts();
  const lock = place.write('lib/hostd.lock', '1\n', 0o644);
  const paths = [`${place.dir}/lib`];
  // As hostd 0.1.0 left it, with a stranger who has it open.
  await startGrab(place, b, 'now', paths);
  const hostd = await startHostd(place, { config: { proxy: { enabled: false } } });
  assert.match(
    hostd.output(),
    /replaced .*hostd\.lock\\": a process that is no hostd had locked it \(pid \d+, .*of hostd-test-b/,
  );
  assert.equal(readFileSync(lock, 'utf8'), `${hostd.pid}\n`);
  await startGrab(place, b, 'wait', [...paths, `${place.dir}/run`]);
  const { code, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 0, stderr);
  await hostd.status();
  await assert.rejects(hostd.again(), error => {
    const text = String(error);
    assert.match(text, /cannot start: hostd runs already with state directory/);
    assert.match(
      text,
      new RegExp(`\\(pid ${hostd.pid}\\): its lock is held by ".*node.*begin\\.js.*" of root \\(0\\)`),
    );
    return true;
  });
  await hostd.kill9();
  const next = await hostd.again();
  assert.notEqual(look(next.pid), null);
});

test('of many that start at once, with a stranger at the old lock, exactly one gets it', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { b } = await testAccounts();
  place.write('lib/hostd.lock', '1\n', 0o644);
  await startGrab(place, b, 'now', [`${place.dir}/lib`]);
  const script = `import { takeLock } from '${new URL('../src/daemon/own/lock.ts', import.meta.url)}';
    try { takeLock('${place.dir}/lib', () => {}); console.log('got'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.message); }`;
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...place.env },
      detached: true,
    }),
  );
  for (const child of children) endWith(place, child);
  const words = await Promise.all(
    children.map(
      child => new Promise<string>(resolve => child.stdout.once('data', data => resolve(`${data}`))),
    ),
  );
  assert.equal(words.filter(word => word.startsWith('got')).length, 1, words.join(''));
  assert.equal(words.filter(word => word.includes('hostd runs already')).length, 5);
});

test('one that ran as 0.1.0 does, with the old lock alone, is not joined by another', { skip }, async t => {
  const place = makePlace(t);
  place.write('lib/hostd.lock', '1\n', 0o644);
  const root: Account = { name: 'root', uid: 0, gid: 0 };
  const holder = await startGrab(place, root, 'now', [`${place.dir}/lib`]);
  const begun = startHostd(place, { config: { proxy: { enabled: false } } });
  await assert.rejects(
    begun,
    new RegExp(`runs already .*\\(pid ${holder.pid}\\): .*held by ".*python3 .*of root \\(0\\)`),
  );
});
