// Sockets that are not what they seem: a hostile app or worker gives hostd something else in the place of its listener, or another
// user binds one of its name. hostd neither waits for them, nor takes one for its own, nor is kept from making it anew.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, closeSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { keepNames } from '../src/daemon/sockets/names.ts';
import { closeShared, identify, isListener, takeListener } from '../src/daemon/sockets/socket-identity.ts';
import { makeSockets } from '../src/daemon/sockets/sockets.ts';
import { native } from '../src/native/index.ts';
import { type Account, isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const python = '/usr/bin/python3';
/** Milliseconds after which hostd has waited for somebody. */
const tooLong = 30_000;

/** Takes connections and reads nothing, so that who closes one with data unsent may have to wait. */
async function deafPeer(t: TestContext): Promise<number> {
  const server: Server = createServer({ pauseOnConnect: true }, socket => {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Python for a connection to the deaf peer whose last close waits for a day. */
const linger = `
def lingering(port, sock=None):
    sock = sock or socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 100000))
    sock.setblocking(False)
    # Until nothing more goes through for a while: neither side has room left.
    full = 0
    while full < 6:
        try:
            while True:
                sock.send(b"x" * 65536)
                full = 0
        except BlockingIOError:
            full += 1
            time.sleep(0.05)
    return sock
`;

/** Binds a name that reads, in /proc/net/unix, like a second line: a listener at PATH with INODE. */
const forge = `
def forge(inode, path):
    name = f"\\na b c 10000 e f {inode} " + path
    os.makedirs(os.path.dirname(name), exist_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(name)
    sock.listen()
    return sock
`;

/** An app that has taken something else for its listener, and says so under its name. argv: PATH PORT KIND. */
const evilApp = `import os, socket, struct, sys, time
path, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
${linger}${forge}
os.chdir(os.environ["PLACE"])
if kind == "swapped":
    connection = lingering(port)
    os.dup2(connection.fileno(), 3)
    kept = forge(os.fstat(3).st_ino, path)
if kind == "shut":
    socket.socket(fileno=3).shutdown(socket.SHUT_RDWR)
open("ready", "w").close()
time.sleep(1000)
`;

async function evilSite(t: TestContext, kind: string) {
  const place = makePlace(t);
  const account: Account = isRoot ? (await testAccounts()).a : self();
  const port = await deafPeer(t);
  const own = place.directory('own');
  chownSync(own, account.uid, account.gid);
  const script = place.write('evil.py', evilApp);
  const app = await tinyApp(place, { account });
  const command = `${python} ${script} ${app.socket} ${port} ${kind}`;
  const table = { ...app.table, command, env: { ...place.env, PLACE: own } };
  const hostd = await startHostd(place, { apps: [{ ...app, table }] });
  await hostd.state('tiny', 'RUNNING');
  return { place, hostd, app, own };
}

/** As 0.1.0 wrote it. */
function forgetSockets(place: Place): void {
  for (const name of readdirSync(`${place.dir}/lib/runs`)) {
    const path = `${place.dir}/lib/runs/${name}`;
    const { sockets, ...record } = JSON.parse(readFileSync(path, 'utf8'));
    assert.ok(Array.isArray(sockets));
    writeFileSync(path, JSON.stringify(record));
  }
}

const prompt = async (what: string, work: () => Promise<unknown>) => {
  const begun = performance.now();
  await work();
  assert.ok(performance.now() - begun < tooLong, `${what} took ${performance.now() - begun} ms`);
};

for (const record of ['its own record', 'a record of 0.1.0'])
  test(`an app that holds up another socket makes hostd wait for nothing, by ${record}`, async t => {
    const { place, hostd } = await evilSite(t, 'swapped');
    await hostd.kill9();
    if (record !== 'its own record') forgetSockets(place);
    const next = await hostd.again();
    assert.match(next.output(), /cannot take .*gunicorn\.sock\\" back from 'tiny'/);
    await prompt('stop', () => next.hostctl('stop', 'tiny'));
    await prompt('status', () => next.status());
    assert.equal(await next.stop(), 0);
  });

test('an app that shuts its listener down has another one when it is started again', async t => {
  const { hostd, app } = await evilSite(t, 'shut');
  const before = statSync(app.socket).ino;
  const { pid } = await hostd.state('tiny', 'RUNNING');
  process.kill(pid ?? 0, 'SIGKILL');
  const said = /gunicorn\.sock\\" is no longer the socket that hostd made/;
  await until('hostd to say it', () => said.test(hostd.output()));
  await hostd.state('tiny', 'RUNNING');
  assert.notEqual(statSync(app.socket).ino, before);
});

test('what an honest run holds is taken back, also by a record of 0.1.0', async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self() });
  const hostd = await startHostd(place, { apps: [app] });
  const inode = statSync(app.socket).ino;
  let last: Hostd = hostd;
  for (const old of [false, true]) {
    await last.kill9();
    if (old) forgetSockets(place);
    last = await last.again();
    assert.doesNotMatch(last.output(), /cannot take/);
    assert.equal((await last.get(app.host)).status, 200);
    assert.equal(statSync(app.socket).ino, inode);
  }
  assert.equal((await last.hostctl('restart', 'tiny')).code, 0);
});

test('a name that another user binds keeps no app from starting', { skip: needsRoot }, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const app = await tinyApp(place, { account: a });
  const hostd = await startHostd(place, { apps: [app] });
  const { pid } = await hostd.state('tiny', 'RUNNING');
  await hostd.kill9();
  process.kill(pid ?? 0, 'SIGKILL');
  const own = place.directory('own');
  chownSync(own, b.uid, b.gid);
  const code = `import os, socket, sys, time\n${forge}\nkept = forge(4711, sys.argv[1])\nprint("bound", flush=True)\ntime.sleep(1000)\n`;
  await held(place, ['-c', code, app.socket], { cwd: own, uid: b.uid, gid: b.gid });
  assert.match(
    readFileSync('/proc/net/unix', 'utf8'),
    new RegExp(`^a b c 10000 e f 4711 ${app.socket}$`, 'm'),
  );
  const next = await hostd.again();
  await next.state('tiny', 'RUNNING');
  assert.equal((await next.get(app.host)).status, 200);
});

test('a socket that really listens there is left alone, whatever its name was', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const app = await tinyApp(place, { account: a });
  const code = `import os, socket, sys, time
sock = socket.socket(socket.AF_UNIX); sock.bind(sys.argv[1] + ".x"); sock.listen()
os.rename(sys.argv[1] + ".x", sys.argv[1])
print("bound", flush=True)
time.sleep(1000)
`;
  const other = await held(place, ['-c', code, app.socket], { uid: a.uid, gid: a.gid });
  const hostd = await startHostd(place, { apps: [app] });
  assert.match(
    (await hostd.status()).find(p => p.name === 'tiny')?.description ?? '',
    /another process already does/,
  );
  other.kill('SIGKILL');
  await hostd.state('tiny', 'RUNNING');
});

/** A Python process that has said what it is to say, and lives until the test ends. */
async function held(
  place: Place,
  args: readonly string[],
  options: { cwd?: string; uid?: number; gid?: number; pass?: number } = {},
): Promise<ChildProcess> {
  const { pass, ...rest } = options;
  const child = spawn(python, args, {
    ...rest,
    env: { PATH: '/usr/bin', ...place.env },
    stdio: ['ignore', 'pipe', 'inherit', ...(pass === undefined ? [] : [pass])],
  });
  const ended = new Promise(resolve => child.on('exit', resolve));
  place.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await new Promise(resolve => child.stdout?.once('data', resolve));
  return child;
}

/** What a compromised worker may hold up for 127.0.0.1:PORT; each line makes `sock`. */
const impostors = {
  'a unix socket of that name': `sock = socket.socket(socket.AF_UNIX); sock.bind(f"127.0.0.1:{port}"); sock.listen()`,
  'a listener elsewhere': `sock = socket.socket(); sock.bind(("127.0.0.1", 0)); sock.listen()`,
  'one that does not listen': `sock = socket.socket(); sock.setsockopt(1, 2, 1); sock.bind(("127.0.0.1", port))`,
  'a datagram socket': `sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sock.bind(("127.0.0.1", port))`,
  'a connection that lingers': `sock = lingering(peer)`,
};

for (const [name, code] of Object.entries(impostors))
  test(`in the place of a TCP listener ${name} is not taken`, { skip: needsRoot }, async t => {
    const place = makePlace(t);
    const [port, peer] = [await freePort(), await deafPeer(t)];
    const script = `import os, socket, struct, sys, time\n${linger}\nport, peer = ${port}, ${peer}\n${code}\nprint("bound", flush=True)\ntime.sleep(1000)\n`;
    const child = await held(place, ['-c', script], { cwd: place.dir });
    const pidfd = native.pidfdOpen(child.pid ?? 0);
    const begun = performance.now();
    for (const inode of [undefined, ...inodesOf(child.pid ?? 0)])
      assert.equal(takeListener(pidfd, child.pid ?? 0, `127.0.0.1:${port}`, inode), null);
    child.kill('SIGKILL');
    closeSync(pidfd);
    assert.ok(performance.now() - begun < tooLong);
  });

function inodesOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/fd`).map(fd => statSync(`/proc/${pid}/fd/${fd}`).ino);
}

test('descriptors that change under hostd’s hands give it the listener or nothing', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const [port, peer] = [await freePort(), await deafPeer(t)];
  const script = `import os, socket, struct, sys, time
${linger}
good = socket.socket(); good.bind(("127.0.0.1", ${port})); good.listen()
bad = lingering(${peer})
target = os.dup(good.fileno())
print("bound", flush=True)
while True:
    os.dup2(bad.fileno(), target)
    os.dup2(good.fileno(), target)
`;
  const child = await held(place, ['-c', script]);
  const pid = child.pid ?? 0;
  const key = `127.0.0.1:${port}`;
  const pidfd = native.pidfdOpen(pid);
  for (let round = 0; round < 300; round++) {
    const fd = takeListener(pidfd, pid, key, undefined);
    assert.ok(fd !== null && isListener(fd, key));
    closeShared(fd);
  }
  closeSync(pidfd);
});

for (const [name, code, said] of [
  ['shuts it down', 'sock.shutdown(socket.SHUT_RDWR)', /does again/],
  [
    'makes a connection of it that lingers',
    'sock.shutdown(socket.SHUT_RDWR); lingering(PEER, sock)',
    /is made anew/,
  ],
] as const)
  test(`a worker that ${name} leaves the next one a listener that listens`, async t => {
    const place = makePlace(t);
    const [port, peer] = [await freePort(), await deafPeer(t)];
    const warnings: string[] = [];
    const sockets = makeSockets(
      new Map(),
      keepNames([], () => {}),
      message => warnings.push(message),
    );
    const fd = sockets.tcp({ host: '127.0.0.1', port });
    assert.deepEqual(identify(sockets.held(), [fd]), [
      { key: `127.0.0.1:${port}`, inode: statSync(`/proc/self/fd/${fd}`).ino },
    ]);
    const script = `import os, socket, struct, sys, time\n${linger}\nsock = socket.socket(fileno=3)\n${code.replace('PEER', `${peer}`)}\nprint("done", flush=True)\ntime.sleep(1000)\n`;
    const worker = await held(place, ['-c', script], { pass: fd });
    worker.kill('SIGKILL');
    await new Promise(resolve => worker.once('exit', resolve));
    const begun = performance.now();
    sockets.tcp({ host: '127.0.0.1', port });
    assert.ok(performance.now() - begun < tooLong);
    assert.match(warnings.join(), said);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(void socket.destroy()));
      socket.on('error', reject);
    });
    sockets.release(`127.0.0.1:${port}`);
    assert.ok(performance.now() - begun < tooLong);
  });
