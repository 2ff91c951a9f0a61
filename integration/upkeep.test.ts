// Programs that are reloaded before they make trouble: by their memory, their age, the clock, and when they hang. No visitor sees it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import type { Hostd } from './harness/hostd.ts';
import { startHostd } from './harness/hostd.ts';
import { type Load, startLoad } from './harness/load.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const skip = needsVirtualenv('recent');

async function account() {
  return isRoot ? (await testAccounts()).a : self();
}

/** Keeps what it is told to. */
const fat = `
kept = []
def application(environ, start_response):
    if environ["PATH_INFO"] == "/grow":
        kept.append(b"x" * 80 * 1024 ** 2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
`;

async function noneFailed(load: Load): Promise<void> {
  const report = await load.stop();
  assert.ok(report.requests > 10, JSON.stringify(report));
  assert.equal(report.ok, report.requests, JSON.stringify(report));
}

/** Waits until another run of the program is RUNNING, and returns what status says of it. */
async function renewed(hostd: Hostd, name: string, pid: number | null): Promise<string> {
  const found = await until(
    `another ${name}`,
    async () =>
      (await hostd.status()).find(one => one.name === name && one.state === 'RUNNING' && one.pid !== pid),
    { timeout: 90_000 },
  );
  return found.description;
}

test('what grows or hangs is reloaded or restarted, and says for which figure; nobody waits in vain', {
  skip,
  timeout: 180_000,
}, async t => {
  const place = makePlace(t);
  const owner = await account();
  const grown = await tinyApp(place, {
    name: 'grown',
    account: owner,
    source: fat,
    keys: { memory_restart: '90M' },
  });
  const hung = await tinyApp(place, {
    name: 'hung',
    account: owner,
    keys: { health: '/', health_interval: '1s', health_failures: 1, stopwaitsecs: 3, timeout: 0 },
  });
  const hostd = await startHostd(place, {
    apps: [grown, hung],
    config: {
      program: {
        eater: {
          command: [
            '/usr/bin/env',
            'python3',
            '-c',
            'import time; x = b"x" * 60 * 1024 ** 2; time.sleep(600)',
          ],
          memory_restart: '40M',
          environment: { ...place.env },
          stdout_logfile: 'NONE',
          stderr_logfile: 'NONE',
        },
      },
    },
  });
  const [fatOne, stuck, eater] = await Promise.all(
    ['grown', 'hung', 'eater'].map(name => hostd.state(name, 'RUNNING')),
  );
  const loads = [grown, hung].map(app =>
    startLoad({ to: { port: hostd.port }, host: app.host, clients: 2, atMost: 60_000, pause: 20 }),
  );

  // The only worker stands still, with whatever it has accepted.
  const worker = readFileSync(`/proc/${stuck?.pid}/task/${stuck?.pid}/children`, 'utf8').trim();
  process.kill(Number(worker), 'SIGSTOP');
  assert.match(await renewed(hostd, 'hung', stuck?.pid ?? null), /reloaded for \/ failed 1 times in a row: /);
  assert.match(hostd.output(), /reloading 'hung': \/ failed 1 times in a row: /);
  await until('the end of what hung', () => !isThere(stuck?.pid ?? 0), { timeout: 30_000 });

  assert.equal((await hostd.get(grown.host, '/grow')).status, 200);
  const why = /reloaded for \d+M of memory, memory_restart 90M/;
  assert.match(await renewed(hostd, 'grown', fatOne?.pid ?? null), why);
  // It is as large again as soon as it has started: it is let alone for a minute, and status says so.
  await renewed(hostd, 'eater', eater?.pid ?? null);
  assert.match(hostd.output(), /restarting 'eater': \d+M of memory, memory_restart 40M/);
  const second = (await hostd.state('eater', 'RUNNING')).pid;
  const patient = await until(
    'the next look at eater',
    async () => {
      const { description, pid } = await hostd.state('eater', 'RUNNING');
      assert.equal(pid, second);
      return description.includes('restarted in ') ? description : null;
    },
    { timeout: 60_000, every: 500 },
  );
  assert.match(patient, /\d+M of memory, memory_restart 40M: restarted in 1 min/);
  for (const load of loads) await noneFailed(load);
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('an age counts on through the death of hostd, a time of day that was missed is made up for, and broken code changes nothing', {
  skip,
  timeout: 120_000,
}, async t => {
  const place = makePlace(t);
  const owner = await account();
  const ago = new Date(Date.now() - 300_000);
  const clock = [ago.getHours(), ago.getMinutes()].map(n => String(n).padStart(2, '0')).join(':');
  const app = (name: string, keys: Record<string, string>) => tinyApp(place, { name, account: owner, keys });
  const apps = [
    await app('aged', { max_age: '24h' }),
    await app('young', { max_age: '24h' }),
    await app('clocked', { restart_at: clock }),
    await app('broken', { restart_at: clock }),
  ];
  const first = await startHostd(place, { apps });
  const before = await Promise.all(apps.map(({ name }) => first.state(name, 'RUNNING')));
  const loads = apps.map(one =>
    startLoad({ to: { port: first.port }, host: one.host, clients: 2, atMost: 60_000, pause: 20 }),
  );
  await first.kill9();
  startedBefore(place, 'aged', 86_400);
  for (const name of ['clocked', 'broken']) startedBefore(place, name, 600);
  const broken = apps.find(({ name }) => name === 'broken');
  assert.ok(broken);
  writeFileSync(`${broken.root}/broken/broken/wsgi.py`, 'import what_is_not_there\n');
  const hostd = await first.again();
  assert.match(await renewed(hostd, 'aged', before[0]?.pid ?? null), /reloaded for max_age 1d/);
  const clocked = await renewed(hostd, 'clocked', before[2]?.pid ?? null);
  assert.ok(clocked.includes(`reloaded for restart_at ${clock}`), clocked);
  assert.equal((await hostd.state('young', 'RUNNING')).pid, before[1]?.pid, 'it has a day left');
  // Nobody is awake at that time: the old code goes on, and whoever comes in the morning is told.
  await until('status to say that the reload was refused', async () =>
    (await hostd.state('broken', 'RUNNING')).description.includes(
      `could not be reloaded for restart_at ${clock}: tried again in 1 min`,
    ),
  );
  assert.equal((await hostd.state('broken', 'RUNNING')).pid, before[3]?.pid, 'the old code serves on');
  const { stdout: events } = await hostd.hostctl('events', 'broken');
  assert.match(events, /reload refused +exited too quickly/);
  // One after the other.
  const told = hostd
    .output()
    .split('\n')
    .filter(line => !line.includes('broken'))
    .flatMap(line => /reloading '\w+'|success: \w+ entered/.exec(line)?.[0] ?? []);
  assert.deepEqual(
    told.map(line => line.slice(0, 7)),
    ['reloadi', 'success', 'reloadi', 'success'],
  );
  for (const load of loads) await noneFailed(load);
});

/** As if the program's run had been there for so many seconds. */
function startedBefore(place: Place, name: string, seconds: number): void {
  const directory = `${place.dir}/lib/runs`;
  for (const file of readdirSync(directory).filter(one => one.startsWith(`${name}.`))) {
    const record = JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) as { startedAt: number };
    writeFileSync(
      `${directory}/${file}`,
      JSON.stringify({ ...record, startedAt: record.startedAt - seconds * 1000 }),
    );
  }
}
