// What hostd says of its programs and sites when somebody asks for a sample.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ask } from '../scripts/http.ts';
import type { ProgramSample, Sample } from '../src/protocol/sample.ts';
import { testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

async function take(hostd: Hostd, query = ''): Promise<Sample> {
  const path = `/v1/sample${query}`;
  const { status, text } = await ask({ to: { socketPath: hostd.socket }, host: 'hostd', path });
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

function programOf({ programs }: Sample, name: string): ProgramSample {
  return programs.find(program => program.name === name) ?? assert.fail(`no ${name}`);
}

const busy = `[program.busy]
command = "/bin/sh -c 'while :; do :; done'"
[program.absent]
command = "/bin/sleep 1000"
autostart = false
`;

test('a sample has what each program uses, what its site has done, and how old the configuration is', async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const app = await tinyApp(place, { account: a });
  const hostd = await startHostd(place, { apps: [app], files: { 'busy.toml': busy } });
  await hostd.state('tiny', 'RUNNING');
  await hostd.get(app.host, '/status?c=404');

  const first = await take(hostd);
  assert.ok(Math.abs(first.time - Date.now() / 1000) < 60);
  assert.equal(first.hostd.pid, hostd.pid);
  assert.match(first.hostd.version, /^\d+\.\d+\.\d+/);
  assert.equal(first.hostd.configuration.good, true);
  const tiny = programOf(first, 'tiny');
  assert.deepEqual([tiny.state, tiny.app, tiny.kind, tiny.restarts], ['RUNNING', 'tiny', 'gunicorn', 0]);
  assert.ok(tiny.processes >= 2, 'the master and its worker');
  assert.ok((tiny.cpu_seconds ?? 0) > 0);
  assert.ok((tiny.memory_bytes ?? 0) > 1e6);
  const absent = programOf(first, 'absent');
  assert.deepEqual(
    [absent.state, absent.processes, absent.cpu_seconds, absent.memory_bytes, absent.memory_kind],
    ['STOPPED', 0, null, null, null],
  );
  assert.deepEqual(
    first.sites.map(({ name }) => name),
    ['tiny', null],
  );
  await until('the request to be counted', async () => {
    const { sites } = await take(hostd);
    return sites[0]?.statuses['4xx'] === 1 && sites[0].latency_ms.count === 1;
  });

  const exact = programOf(await take(hostd, '?memory=exact'), 'tiny');
  assert.ok((exact.memory_bytes ?? 0) > 1e6);
  assert.ok(exact.memory_kind === 'proportional' || exact.memory_kind === 'cgroup', `${exact.memory_kind}`);
  await until('the busy one to use more', async () => {
    const later = await take(hostd);
    const used = (programOf(later, 'busy').cpu_seconds ?? 0) - (programOf(first, 'busy').cpu_seconds ?? 0);
    return later.clock > first.clock && used > 0.1;
  });

  // A start anew begins anew, and is counted.
  assert.equal((await hostd.hostctl('restart', 'busy')).code, 0);
  assert.equal(programOf(await take(hostd), 'busy').restarts, 1);
  const file = `${place.dir}/etc/apps.d/busy.toml`;
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, `${text}nonsense = 1\n`);
  await hostd.hostctl('update');
  assert.equal((await take(hostd)).hostd.configuration.good, false);
  writeFileSync(file, text);
  await hostd.hostctl('update');
  const { good, loaded } = (await take(hostd)).hostd.configuration;
  assert.ok(good && loaded >= first.hostd.configuration.loaded);

  const wrong = await ask({ to: { socketPath: hostd.socket }, host: 'hostd', path: '/v1/sample?memory=all' });
  assert.equal(wrong.status, 409);
});
