// What hostd tells a service manager, heard on a real datagram socket, as systemd hears it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../src/native/index.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { until } from './harness/until.ts';

/** Node has no unix datagram sockets. argv: the path, or "@NAME". */
const listener = `import json, socket, sys
where = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
where.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
where.bind(sys.argv[1].replace("@", "\\0", 1) if sys.argv[1].startswith("@") else sys.argv[1])
print("[]", flush=True)
while True:
    print(json.dumps(where.recv(65536).decode().split("\\n")), flush=True)
`;

interface Manager {
  readonly address: string;
  /** Every message so far, as its lines. */
  readonly heard: string[][];
  /** When each came, in milliseconds. */
  readonly times: readonly number[];
  /** Waits for a message with this line; returns its place. */
  wait(line: string | RegExp, from?: number): Promise<number>;
}

async function listen(place: Place, address = `${place.dir}/notify`): Promise<Manager> {
  const child = spawn('/usr/bin/python3', [place.write('listener.py', listener), address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  place.after(() => void child.kill('SIGKILL'));
  const heard: string[][] = [];
  const times: number[] = [];
  let bound = false;
  createInterface({ input: child.stdout }).on('line', line => {
    if (bound) {
      heard.push(JSON.parse(line) as string[]);
      times.push(performance.now());
    }
    bound = true;
  });
  await until('the socket', () => bound);
  const find = (line: string | RegExp, from: number) =>
    heard.findIndex(
      (message, index) =>
        index >= from && message.some(got => (typeof line === 'string' ? got === line : line.test(got))),
    );
  return {
    address,
    heard,
    times,
    async wait(line, from = 0) {
      await until(`"${line}" among ${JSON.stringify(heard)}`, () => find(line, from) >= 0, {
        timeout: 120_000,
      }).catch(() => assert.fail(`"${line}" is not among ${JSON.stringify(heard.slice(from))}`));
      return find(line, from);
    },
  };
}

const config = {
  proxy: { enabled: false },
  program: { one: { command: 'sleep 1000', startsecs: 0 }, two: { command: 'sleep 1000', startsecs: 0 } },
};

async function start(t: TestContext, address?: (place: Place) => string, env: Record<string, string> = {}) {
  const place = makePlace(t);
  const manager = await listen(place, address?.(place));
  const hostd = await startHostd(place, { config, env: { NOTIFY_SOCKET: manager.address, ...env } });
  return { place, manager, hostd };
}

for (const kind of ['path', 'abstract'] as const) {
  test(`the service manager hears when hostd is ready, reloads and stops (${kind} socket)`, async t => {
    const abstract = (place: Place) => `@${place.dir}/abstract`;
    const { place, manager, hostd } = await start(t, kind === 'path' ? undefined : abstract);
    const { heard } = manager;
    const ready = await manager.wait('READY=1');
    assert.ok(heard[ready]?.includes(`MAINPID=${hostd.pid}`));
    assert.ok(heard[ready]?.includes('STATUS=2 of 2 programs are running'), `${heard[ready]}`);

    place.write('etc/apps.d/three.toml', '[program.three]\ncommand = "sleep 1000"\nstartsecs = 0\n');
    const before = heard.length;
    process.kill(hostd.pid, 'SIGHUP');
    const reloading = await manager.wait('RELOADING=1', before);
    const usec = heard[reloading]?.find(line => line.startsWith('MONOTONIC_USEC='))?.slice(15);
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    assert.ok(Math.abs(Number(usec) / 1e6 - uptime) < 30, `${usec} is this machine's monotonic clock`);
    const again = await manager.wait('READY=1', reloading);
    assert.ok(again > reloading);
    assert.ok(heard[again]?.includes('STATUS=3 of 3 programs are running'), `${heard[again]}`);

    // hostctl update is a reload too, one that changes nothing included.
    const second = heard.length;
    assert.equal((await hostd.hostctl('update')).code, 0);
    assert.ok((await manager.wait('READY=1', second)) > (await manager.wait('RELOADING=1', second)));

    const end = heard.length;
    assert.equal(await hostd.stop(), 0);
    const stopping = await manager.wait('STOPPING=1', end);
    // It comes behind everything that hostd has sent.
    native.notify(manager.address, 'END=1');
    await manager.wait('END=1', stopping);
    assert.deepEqual(
      heard.slice(stopping).filter(message => message.some(line => /^(READY|RELOADING)=/.test(line))),
      [],
    );
  });
}

test('STATUS says in one line what is not well, is gathered, and an idle hostd says nothing', async t => {
  const { place, manager, hostd } = await start(t);
  await manager.wait('STATUS=2 of 2 programs are running');
  const before = manager.heard.length;
  place.write(
    'etc/apps.d/broken.toml',
    Array.from({ length: 10 }, (_, i) => `[program.broken${i}]\ncommand = "false"\nstartretries = 0\n`).join(
      '',
    ),
  );
  await hostd.hostctl('update');
  await manager.wait(
    'STATUS=2 of 12 programs are running; broken0 is FATAL, and 9 more are not well',
    before,
  );
  const said = manager.heard.slice(before).filter(message => message[0]?.startsWith('STATUS='));
  assert.ok(said.length <= 4, JSON.stringify(said));
  assert.ok(said.flat().every(line => line.length < 120));
  await hostd.hostctl('stop', 'one');
  await manager.wait(/^STATUS=1 of 12 /, before);
  const quiet = manager.heard.length;
  await sleep(1500);
  assert.deepEqual(manager.heard.slice(quiet), []);
});

test('the watchdog is fed twice as often as it asks for, and only where it is meant', async t => {
  const { manager } = await start(t, undefined, { WATCHDOG_USEC: '400000' });
  await manager.wait('READY=1');
  const fed = () => manager.times.filter((_, index) => manager.heard[index]?.[0] === 'WATCHDOG=1');
  await until('six of its messages', () => fed().length >= 6);
  const [first = 0, , , , , sixth = 0] = fed();
  assert.ok(sixth - first > 750 && sixth - first < 5 * 400, `six times in ${sixth - first} ms`);
  const other = await start(t, place => `${place.dir}/other`, { WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' });
  await other.manager.wait('READY=1');
  await other.hostd.stop();
  await other.manager.wait('STOPPING=1');
  assert.ok(other.manager.heard.every(message => message[0] !== 'WATCHDOG=1'));
});

test('a hanging start or stop asks for more time than its slowest program may take', async t => {
  const place = makePlace(t);
  const manager = await listen(place);
  const program = {
    first: { command: 'sleep 1000', startsecs: 0.5, priority: 1 },
    slow: { command: 'sh -c "trap \'\' TERM; while :; do sleep 0.1; done"', startsecs: 0, stopwaitsecs: 1 },
  };
  const env = { NOTIFY_SOCKET: manager.address };
  const hostd = await startHostd(place, { config: { proxy: { enabled: false }, program }, env });
  const early = await manager.wait(/^EXTEND_TIMEOUT_USEC=/);
  const usec = (index: number) =>
    Number(manager.heard[index]?.find(line => line.startsWith('EXTEND_TIMEOUT_USEC='))?.split('=')[1]);
  assert.ok(early < (await manager.wait('READY=1')) && usec(early) > 60e6);
  await until('the trap to be set', () => marked(place.mark).some(p => p.command === 'sleep 0.1'));
  const before = manager.heard.length;
  await hostd.stop();
  const late = await manager.wait(/^EXTEND_TIMEOUT_USEC=/, before);
  assert.ok(usec(late) > 60e6);
});

test('without a service manager, or with one that has gone, hostd runs all the same; programs never see it', async t => {
  for (const address of ['', '/nowhere/notify', '@hostd-nobody-listens']) {
    const place = makePlace(t);
    const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: '100000' };
    const hostd = await startHostd(place, { config, env });
    const { pid } = await hostd.state('one', 'RUNNING');
    assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /NOTIFY_SOCKET|WATCHDOG/);
    assert.equal(await hostd.stop(), 0);
  }
});
