// hostctl top and hostctl sites, on a real terminal and without one.

import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { native } from '../src/native/index.ts';
import { openTerminal } from '../src/native/terminal.ts';
import { testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const hostctl = `${checkout}/bin/hostctl`;

/** hostctl on a terminal of its own. */
function onTerminal(t: TestContext, place: Place, hostd: Hostd, args: readonly string[]) {
  const terminal = openTerminal(80, 24);
  const env = { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...place.env };
  const child = native.spawn({
    file: hostctl,
    binary: -1,
    argv: [hostctl, ...args],
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    directory: place.dir,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: [],
    umask: 0o022,
    limits: [],
    fds: [terminal.slave, terminal.slave, terminal.slave],
    cgroup: -1,
    noNewPrivs: 0,
    terminal: 1,
  });
  terminal.closeSlave();
  let output = '';
  terminal.output.on('data', chunk => {
    output += chunk;
  });
  writeSync(child.gate, '\n');
  closeSync(child.gate);
  closeSync(child.status);
  const pidfd = native.pidfdOpen(child.pid);
  const ended = new Promise<number | null>(resolve =>
    native.watch(pidfd, () => resolve(native.reap(child.pid)?.code ?? null)),
  );
  t.after(() => closeSync(pidfd));
  return {
    ended,
    output: () => output,
    /** The last screen that was drawn whole. */
    screen: () => output.slice(output.lastIndexOf('\x1b[H')),
    type: (text: string) => terminal.input.write(text),
    resize: (columns: number, rows: number) => terminal.resize(columns, rows),
  };
}

test('top shows programs and sites live, opens processes and logs, follows the size, and gives the terminal back', async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const app = await tinyApp(place, { account: a });
  const hostd = await startHostd(place, { apps: [app] });
  await hostd.state('tiny', 'RUNNING');
  await hostd.get(app.host, '/status?c=404');

  const once = await hostd.hostctl('top', '--once');
  assert.equal(once.code, 0, once.stderr);
  assert.match(once.stdout, /^NAME +STATE +PROC/);
  assert.match(once.stdout, /^tiny +RUNNING +\d+ /m);
  const json = await hostd.hostctl('top', '--json', '--sort', 'memory', '-d', '0.2');
  const rows: { name: string; memory_bytes: number; cpu_percent: number }[] = JSON.parse(json.stdout);
  assert.deepEqual(rows.map(({ name }) => name).sort(), ['hostd-proxy', 'tiny']);
  assert.ok((rows[0]?.memory_bytes ?? 0) >= (rows[1]?.memory_bytes ?? 0));
  assert.equal((await hostd.hostctl('top', '--sort', 'colour')).code, 2);
  assert.equal((await hostd.hostctl('top', '-d', '0')).code, 2);

  const sites = await hostd.hostctl('sites');
  assert.match(sites.stdout, /^SITE +REQUESTS/);
  assert.match(sites.stdout, /^tiny +1 +0 +0 +1 /m);
  assert.equal(JSON.parse((await hostd.hostctl('sites', 'tiny', '--json')).stdout)[0].statuses['4xx'], 1);
  assert.equal((await hostd.hostctl('sites', 'nobody')).code, 1);

  const top = onTerminal(t, place, hostd, ['top', '-d', '0.2']);
  const sees = (what: RegExp) => until(`${what}`, () => what.exec(top.screen()), { every: 50 });
  await sees(/tiny +RUNNING/);
  top.type('c');
  top.type('\x1b[H');
  top.resize(100, 30);
  await until('thirty lines', () => top.screen().split('\r\n').length === 30, { every: 50 });
  top.type('n\x1b[H\x1b[B\r');
  await sees(/tiny: \d+ processes/);
  await sees(/tiny +\d+ +[\d.]+ +[\d.]+[KMG]/);
  top.type('l');
  await sees(/log of tiny/);
  top.type('qq?');
  await sees(/Columns/);
  top.type('xq');
  assert.equal(await top.ended, 0);
  assert.ok(top.output().endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l'), 'the terminal is as it was');
});
