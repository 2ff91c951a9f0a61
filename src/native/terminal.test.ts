// Terminals with real programs on them: sizes, keys, and both directions under pressure.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { native } from './index.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** Runs a script on a terminal of its own. `ended` resolves with everything that it wrote, once no process has the terminal. */
function onTerminal(script: string) {
  const terminal = openTerminal(100, 30);
  const output: Buffer[] = [];
  let beginning = '';
  const waiting = new Set<() => void>();
  terminal.output.on('data', (bytes: Buffer) => {
    output.push(bytes);
    if (beginning.length < 1000) beginning += bytes;
    for (const look of waiting) look();
  });
  const ended = new Promise<Buffer>(resolve =>
    terminal.output.on('close', () => resolve(Buffer.concat(output))),
  );
  start(terminal, script);
  const says = (what: string) =>
    new Promise<void>(resolve => {
      const look = (): void => {
        if (beginning.includes(what)) resolve(void waiting.delete(look));
      };
      waiting.add(look);
      look();
    });
  return { terminal, says, ended };
}

function start(terminal: Terminal, script: string): void {
  const { slave } = terminal;
  const { pid, gate, status } = native.spawn({
    file: '/bin/sh',
    binary: -1,
    argv: ['/bin/sh', '-c', script],
    env: ['PATH=/usr/bin:/bin', 'LC_ALL=C.UTF-8'],
    directory: '/',
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    umask: 0o022,
    limits: [],
    fds: [slave, slave, slave],
    cgroup: -1,
    noNewPrivs: 0,
    terminal: 1,
  });
  terminal.closeSlave();
  const pidfd = native.pidfdOpen(pid);
  native.watch(pidfd, () => {
    native.reap(pid);
    closeSync(pidfd);
  });
  writeSync(gate, '\n');
  for (const fd of [gate, status]) closeSync(fd);
}

test('a terminal has its size, tells of another, controls its session, and turns keys into signals', async () => {
  const { terminal, says, ended } = onTerminal(
    `stty size; trap 'stty size; echo changed' WINCH; trap 'echo caught; exit 3' INT; tty; echo ready
     while :; do sleep 0.05; done`,
  );
  await says('ready');
  terminal.resize(133, 41);
  await says('changed');
  terminal.input.write('\x03');
  const output = String(await ended);
  assert.match(output, /^30 100\r\n\/dev\/pts\/\d+\r\nready\r\n41 133\r\nchanged\r\n\^Ccaught\r\n$/);
});

test('Backspace takes a whole character away', async () => {
  const { terminal, says, ended } = onTerminal('echo ready; read line; stty -echo; printf "<%s>" "$line"');
  await says('ready');
  terminal.input.write('aéß\x7f\x7fü\n');
  assert.match(String(await ended), /<aü>$/);
});

test('the descriptors end with an execve, and none becomes the controlling terminal of whoever opens them', async () => {
  const [output, input, slave] = native.openTerminal(80, 24);
  for (const fd of [output, input, slave]) {
    const flags = Number.parseInt(
      /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '',
      8,
    );
    assert.equal(flags & 0o2000000, 0o2000000, `O_CLOEXEC of ${fd}`);
  }
  for (const fd of [output, input, slave]) closeSync(fd);
  // A session leader without a terminal, as a daemon is.
  const code = `import { native } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
    import { readFileSync } from 'node:fs';
    native.openTerminal(80, 24);
    console.log('tty ' + readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[4]);`;
  const leader = spawn(process.execPath, ['--input-type=module', '-e', code], { detached: true });
  let said = '';
  for await (const bytes of leader.stdout) said += bytes;
  assert.equal(said, 'tty 0\n');
});

test('every byte of a paste arrives, however late it is read, and waits without holding anything up', async () => {
  const paste = randomBytes(1_000_000);
  const { terminal, says, ended } = onTerminal(
    'stty raw -echo; echo ready; sleep 0.3; head -c 1000000 | sha256sum',
  );
  await says('ready');
  const isFull = !terminal.input.write(paste);
  let turns = 0;
  while (turns < 100) await new Promise(resolve => setImmediate(resolve, turns++));
  assert.ok(isFull);
  assert.match(String(await ended), new RegExp(createHash('sha256').update(paste).digest('hex')));
});

test('what a program wrote before it ended is read, although it has left a paste unread', async () => {
  const { terminal, says, ended } = onTerminal(
    'stty raw -echo; echo ready; sleep 0.3; head -c 50000 /dev/zero | tr "\\0" x; echo last words',
  );
  await says('ready');
  const closed = new Promise(resolve => terminal.input.on('close', resolve));
  terminal.input.write(Buffer.alloc(1_000_000, 'unread\n'));
  const output = String(await ended);
  assert.match(output, /last words\n$/);
  assert.equal(output.match(/x/g)?.length, 50_000);
  await closed;
  // Too late to be read: no event, no exception.
  terminal.input.write('more');
  terminal.resize(10, 10);
});

test('a reader that pauses makes the program wait, and then gets everything', async () => {
  const length = 20_000_000;
  const { terminal, says, ended } = onTerminal(
    `stty raw; echo ready; head -c ${length} /dev/zero | tr "\\0" x; echo end`,
  );
  await says('ready');
  terminal.output.pause();
  const held = () => terminal.output.readableLength;
  let last = -1;
  while (held() !== last) {
    last = held();
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  assert.ok(held() < 500_000, `${held()} bytes are held`);
  terminal.output.resume();
  const output = await ended;
  assert.equal(output.length, 'ready\n'.length + length + 'end\n'.length);
});
