// hostctl top and hostctl sites, on a real terminal and without one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { onTerminal } from './harness/terminal.ts';
import { until } from './harness/until.ts';

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

  const top = onTerminal(t, { place, hostd, columns: 80, rows: 24 }, ['top', '-d', '0.2']);
  /** The last screen that was drawn whole. */
  const screen = () => top.output().slice(top.output().lastIndexOf('\x1b[H'));
  const sees = (what: RegExp) => until(`${what}`, () => what.exec(screen()), { every: 50 });
  await sees(/tiny +RUNNING/);
  top.type('c');
  top.type('\x1b[H');
  top.resize(100, 30);
  await until('thirty lines', () => screen().split('\r\n').length === 30, { every: 50 });
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
