// The system calls themselves: what a child of spawn() has and what it has not, sockets and pipes from their first moment.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createConnection, createServer, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Launch, launchStages, native } from './index.ts';

const isRoot = process.geteuid?.() === 0;

function directory(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'hostd-native-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

const closeOnExec = (fd: number) =>
  (Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8) &
    0o2000000) !==
  0;

function errorOf(action: () => unknown): string {
  try {
    action();
    return '';
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    return `${syscall} ${code}`;
  }
}

/** What a child has written, how it ended, and what its launcher reported. `open` false: its gate stays closed. */
async function spawned(given: Partial<Launch>, open = true) {
  const [read, write] = native.pipe();
  const nothing = openSync('/dev/null', 'r');
  const { pid, gate, status } = native.spawn({
    file: '/bin/sh',
    binary: -1,
    argv: ['sh', '-c', 'true'],
    env: ['PATH=/usr/bin:/bin'],
    directory: '/',
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: [],
    umask: 0o022,
    limits: [],
    fds: [nothing, write, write],
    cgroup: -1,
    noNewPrivs: 0,
    ...given,
  });
  for (const fd of [nothing, write]) closeSync(fd);
  const pidfd = native.pidfdOpen(pid);
  try {
    if (open) writeSync(gate, '\n');
  } catch {
    // It has ended before, and its status says why.
  }
  closeSync(gate);
  const output = new Socket({ fd: read, readable: true, writable: false });
  let said = '';
  output.on('data', bytes => {
    said += bytes;
  });
  await Promise.all([
    new Promise(resolve => output.once('close', resolve)),
    new Promise<void>(resolve => native.watch(pidfd, resolve)),
  ]);
  const ended = native.reap(pid);
  const words = Buffer.alloc(8);
  const failed = readSync(status, words, 0, 8, null) === 8;
  for (const fd of [pidfd, status]) closeSync(fd);
  const failure = failed ? `${launchStages[words.readInt32LE(0)]} ${words.readInt32LE(4)}` : '';
  return { pid, said, ended, failure };
}

const script = (text: string): Partial<Launch> => ({ argv: ['sh', '-c', text] });

test('a child has what it was given: words, environment, its own pid, directory, umask, limits', async () => {
  const { said, ended, pid } = await spawned({
    argv: [
      'sh',
      '-c',
      'echo "$0 $1"; echo "$A $LISTEN_PID $$"; pwd; umask; ulimit -n; exit 7',
      'zero',
      'a b',
    ],
    env: ['PATH=/usr/bin:/bin', 'A=x y', 'LISTEN_PID='],
    directory: '/usr',
    umask: 0o027,
    limits: [7, 77, 77],
  });
  assert.equal(said, `zero a b\nx y ${pid} ${pid}\n/usr\n0027\n77\n`);
  assert.deepEqual(ended, { code: 7, signal: null });
});

test('no descriptor but those that were given survives, whatever is open here', async () => {
  const extra = openSync('/dev/null', 'r');
  native.cloexec(extra, 0);
  const { said } = await spawned(script('ls /proc/self/fd | tr "\\n" " "'));
  closeSync(extra);
  assert.equal(said, '0 1 2 3 '); // 3 is ls's own
});

test('a child may have fewer files open than its parent has', async () => {
  const many = Array.from({ length: 100 }, () => openSync('/dev/null', 'r'));
  const { said, failure } = await spawned({ ...script('ulimit -n'), limits: [7, 64, 64] });
  for (const fd of many) closeSync(fd);
  assert.deepEqual([said, failure], ['64\n', '']);
});

test('nothing of a program runs before its gate is open, and it is gone when the gate closes', async () => {
  const { said, ended } = await spawned(script('echo ran'), false);
  assert.equal(said, '');
  assert.deepEqual(ended, { code: 127, signal: null });
});

test('a child that cannot become the program says at which stage, and why', async () => {
  assert.equal((await spawned({ file: '/no/such' })).failure, 'exec 2');
  assert.equal((await spawned({ directory: '/no/such' })).failure, 'directory 2');
  assert.equal((await spawned({ fds: [999_999] })).failure, 'files 9');
  assert.equal((await spawned(script('kill -TERM $$'))).ended?.signal, 15);
});

test('root’s child is the user alone, with no other group and no capability', {
  skip: isRoot ? false : 'needs root',
}, async () => {
  const text = 'id -u; id -g; id -G; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status';
  const { said } = await spawned({ ...script(text), uid: 65534, gid: 65533, groups: [65532], noNewPrivs: 1 });
  assert.match(said, /^65534\n65533\n65533 65532\nCapEff:\t0+\n/);
  assert.match(said, /NoNewPrivs:\t1/);
});

test('an open binary is executed, wherever its path is; a script, too, which needs its descriptor itself', async t => {
  const place = directory(t);
  const binary = openSync('/bin/sh', 'r');
  assert.equal((await spawned({ ...script('echo ok'), file: '', binary })).said, 'ok\n');
  closeSync(binary);
  // With a script the kernel does what an emulator (binfmt_misc) does with another machine's binary.
  writeFileSync(`${place}/script`, '#!/bin/sh\necho "script $1"\n', { mode: 0o755 });
  const held = openSync(`${place}/script`, 'r');
  const { said, failure } = await spawned({ argv: ['x', 'a'], file: '', binary: held });
  assert.deepEqual([said, failure], ['script a\n', '']);
  closeSync(held);
});

test('a pipe’s ends do not survive an execve', () => {
  const ends = native.pipe();
  for (const fd of ends) assert.ok(closeOnExec(fd));
  for (const fd of ends) closeSync(fd);
});

test('a unix socket has its owner and its mode, less the umask, from its first moment', async t => {
  const place = directory(t);
  chmodSync(place, 0o777);
  const path = `${place}/s`;
  const before = process.umask(0o002);
  const [uid, gid] = isRoot ? [65534, 65533] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const fd = native.listenUnix(path, uid, gid, 0o666, 16);
  assert.equal(process.umask(before), 0o002);
  const stats = statSync(path);
  assert.deepEqual([stats.uid, stats.gid, stats.mode & 0o7777], [uid, gid, 0o664]);
  assert.ok(closeOnExec(fd) && fstatSync(fd).isSocket());
  assert.equal(
    errorOf(() => native.listenUnix(path, uid, gid, 0o660, 16)),
    'bind EADDRINUSE',
  );
  assert.equal(
    errorOf(() => native.listenUnix(`${path}${'x'.repeat(200)}`, uid, gid, 0o660, 16)),
    'bind ENAMETOOLONG',
  );
  const server = createServer().listen({ fd });
  const seen = new Promise<Socket>(resolve => server.once('connection', resolve));
  const client = createConnection(path);
  const { fd: accepted } = ((await seen) as Socket & { _handle: { fd: number } })._handle;
  const { pid, uid: caller } = native.peer(accepted);
  assert.deepEqual([pid, caller], [process.pid, process.getuid?.()]);
  client.destroy();
  server.close();
});

test('a TCP listener has the port that it was given; an IPv6 one takes IPv6 alone', async () => {
  const fd = native.listenTcp('127.0.0.1', 0, 16);
  const server = new Server().listen({ fd });
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  assert.ok(closeOnExec(fd) && port > 0);
  assert.equal(
    errorOf(() => native.listenTcp('127.0.0.1', port, 16)),
    'bind EADDRINUSE',
  );
  assert.equal(
    errorOf(() => native.listenTcp('localhost', port, 16)),
    'getaddrinfo EINVAL',
  );
  closeSync(native.listenTcp('::1', port, 16));
  server.close();
});

test('a watch calls back once, when there is something to read, or room to write; taken back, never', async () => {
  const [read, write] = native.pipe();
  let calls = 0;
  const back = native.watch(read, () => calls++);
  native.unwatch(back);
  native.unwatch(back);
  await new Promise<void>(resolve => native.watch(write, resolve, 1));
  writeSync(write, 'x');
  await new Promise<void>(resolve => native.watch(read, resolve));
  assert.equal(calls, 0);
  for (const fd of [read, write]) closeSync(fd);
});

test('a lock is one open file’s, until that is closed', t => {
  const path = `${directory(t)}/lock`;
  const [first, second] = [openSync(path, 'w'), openSync(path, 'w')];
  assert.deepEqual([native.lock(first), native.lock(second)], [1, 0]);
  closeSync(first);
  assert.equal(native.lock(second), 1);
  closeSync(second);
});

test('users and groups are found by name and number, or are null', () => {
  const root = native.user('root');
  assert.deepEqual([root?.uid, native.user(0)?.name, native.group(0)?.name], [0, 'root', 'root']);
  assert.ok(root?.groups.includes(0));
  assert.deepEqual([native.user('no-such-user'), native.group('no-such-group')], [null, null]);
});

test('a file of the kernel is read whole, however long; what cannot be read is null', t => {
  const path = join(directory(t), 'long');
  const long = 'ab\xe9\n'.repeat(5000);
  writeFileSync(path, long, 'latin1');
  assert.equal(native.readKernelFile(path), long);
  writeFileSync(path, 'x'.repeat(4096));
  assert.equal(native.readKernelFile(path)?.length, 4096);
  assert.match(native.readKernelFile('/proc/self/stat') ?? '', new RegExp(`^${process.pid} \\(`));
  for (const nothing of ['/proc/self/nothing', '/proc', '', `/${'x'.repeat(5000)}`])
    assert.equal(native.readKernelFile(nothing), null);
});

test('whoever connects to a listener is noted once for each look, also when a program accepts at once', async t => {
  const path = join(directory(t), 'socket');
  const fd = native.listenUnix(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0, 0o600, 8);
  const note = native.noteConnections(fd);
  const visit = () =>
    new Promise<void>((resolve, reject) => {
      createConnection(path).on('error', reject).on('end', resolve).resume();
    });
  const server = createServer(socket => socket.end());
  await new Promise<void>(resolve => server.listen({ fd }, resolve));
  assert.equal(native.wasConnected(note), 0);
  for (const visitors of [1, 3]) {
    await Promise.all(Array.from({ length: visitors }, visit));
    assert.deepEqual([native.wasConnected(note), native.wasConnected(note)], [1, 0]);
  }
  native.stopNoting(note);
  native.stopNoting(note);
  const other = native.noteConnections(fd);
  await visit();
  assert.equal(native.wasConnected(other), 1);
  native.stopNoting(other);
  await new Promise(resolve => server.close(resolve));
  assert.match(
    errorOf(() => native.noteConnections(fd)),
    /^io_submit EBADF$/,
  );
});

test('a timer by the clock on the wall is readable at its time, also one that has passed', async t => {
  const fd = native.wallTimer();
  t.after(() => closeSync(fd));
  const rings = () => new Promise<void>(resolve => void native.watch(fd, resolve));
  for (const at of [Date.now() - 1000, 0, Date.now() + 20]) {
    native.setWallTimer(fd, at);
    await rings();
    assert.ok(Date.now() >= at);
    native.clearWallTimer(fd);
    // There is nothing to read any more, and that is no error.
    native.clearWallTimer(fd);
  }
});

test('sha256 is that of node:crypto, for each length of a last block and for any text', () => {
  const texts = Array.from({ length: 200 }, (_, length) => 'a'.repeat(length));
  texts.push('', 'a\0b', 'Grüße, 世界 😀', '\ud800', randomBytes(100_000).toString('latin1'));
  for (const text of texts)
    assert.equal(native.sha256(text), createHash('sha256').update(text).digest('hex'), JSON.stringify(text));
});

test('randomHex gives as many bytes as are wanted, others each time', () => {
  assert.match(native.randomHex(6), /^[0-9a-f]{12}$/);
  assert.match(native.randomHex(64), /^[0-9a-f]{128}$/);
  assert.equal(new Set(Array.from({ length: 100 }, () => native.randomHex(6))).size, 100);
});
