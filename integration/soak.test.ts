// Random faults and commands over random programs, against a model of what must hold after each of them. The seed is printed:
// SOAK_SEED=N repeats a run, SOAK_SECONDS=N makes it longer (npm run test:all: three minutes).

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { test } from 'node:test';
import { identify } from '../src/linux/procfs.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { randomFrom } from './harness/random.ts';
import { until } from './harness/until.ts';

const seconds = Number(process.env['SOAK_SECONDS'] ?? 20);
const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);

interface World {
  readonly place: Place;
  readonly random: (below: number) => number;
  hostd: Hostd;
  /** Stopped by a command, and by nothing started since. */
  readonly stopped: Set<string>;
}

const forker = `import os, time
for depth in range(3):
    if os.fork() == 0:
        os.setsid()
        if depth == 1 and os.fork() > 0:
            os._exit(0)
        time.sleep(1000)
time.sleep(1000)`;

const programs = {
  sleeper: { command: 'sleep 1000', autorestart: 'true' },
  crasher: { command: 'sh -c "sleep 0.3; exit 3"', autorestart: 'true', startsecs: 0, startretries: 1000 },
  deaf: {
    command: `sh -c "trap '' TERM; while :; do sleep 0.2; done"`,
    stopwaitsecs: 1,
    autorestart: 'true',
  },
};
const names = ['one', 'two', 'sleeper', 'crasher', 'deaf', 'forker'];
const apps = ['one', 'two'];

/** Name and weight of each thing that may happen. */
const acts: readonly (readonly [string, number, (world: World, name: string) => Promise<unknown>])[] = [
  [
    'start',
    4,
    async ({ hostd, stopped }, name) => {
      stopped.delete(name);
      await hostd.hostctl('start', name);
    },
  ],
  [
    'stop',
    3,
    async ({ hostd, stopped }, name) => {
      stopped.add(name);
      await hostd.hostctl('stop', name);
    },
  ],
  [
    'restart',
    3,
    async ({ hostd, stopped }, name) => {
      stopped.delete(name);
      await hostd.hostctl('restart', name);
    },
  ],
  ['reload', 2, ({ hostd, random }) => hostd.hostctl('reload', apps[random(apps.length)] ?? '')],
  ['kill the main process of', 4, killMain],
  ['kill any process of', 4, killAny],
  ['kill the proxy', 1, world => killMain(world, 'hostd-proxy')],
  [
    'kill hostd',
    2,
    async world => {
      await world.hostd.kill9();
      world.hostd = await world.hostd.again();
    },
  ],
  ['upgrade hostd', 1, upgrade],
  ['change the configuration of', 2, changeConfiguration],
  ['cross commands about', 4, crossCommands],
];

const words = ['start', 'stop', 'restart', 'reload', 'update', 'reload'];

/** Commands about one app from several clients, each sent when hostd has begun with the one before: the last word wins. */
async function crossCommands(world: World) {
  const { hostd, random, stopped } = world;
  const name = apps[random(apps.length)] ?? '';
  const said = Array.from({ length: 2 + random(4) }, () => words[random(words.length)] ?? '');
  const ends: Promise<string>[] = [];
  for (const word of said) {
    if (word === 'update') changeWorkers(world, name);
    ends.push((await say(hostd.socket, word, name)).ended);
  }
  const outcomes = (await Promise.all(ends)).map(text => outcomeOf(text, name));
  const last = said.findLastIndex(word => word === 'start' || word === 'stop' || word === 'restart');
  const told = said.map((word, index) => `${word}: ${outcomes[index]}`).join(', ');
  if (last < 0) return;
  if (said[last] === 'stop') stopped.add(name);
  else stopped.delete(name);
  assert.match(outcomes[last] ?? '', /^(ok|noop)$/, `the last word about ${name} was not kept: ${told}`);
  await until(`${name} to be as the last word says: ${told}`, async () => {
    const state = (await hostd.status()).find(program => program.name === name)?.state;
    return state === (said[last] === 'stop' ? 'STOPPED' : 'RUNNING');
  });
}

/** Sends a command; resolves when hostd has begun with it. `ended` has everything that it said. */
function say(socket: string, word: string, name: string): Promise<{ ended: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const sent = request({ socketPath: socket, method: 'POST', path: `/v1/${word}`, headers }, response => {
      resolve({ ended: response.setEncoding('utf8').reduce((all, text) => all + text, '') });
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(word === 'update' ? {} : { names: [name] }));
  });
}

/** The last outcome that was reported of the program; "" for none, such as an update's that changed nothing. */
function outcomeOf(text: string, name: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.equal(lines.at(-1)?.kind, 'end', 'every command ends');
  return lines.findLast(line => line.kind === 'done' && line.name === name)?.outcome ?? '';
}

async function killMain({ hostd }: World, name: string) {
  const pid = (await hostd.status()).find(program => program.name === name)?.pid;
  if (pid != null) await kill(pid);
}

async function killAny(world: World, name: string) {
  const found = processesOf(world, name);
  const victim = found[world.random(found.length)];
  if (victim !== undefined) await kill(victim);
}

async function upgrade({ hostd }: World) {
  const readies = () => hostd.output().split('"msg":"ready: ').length;
  const before = readies();
  const { code, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 0, stderr);
  await until('the upgraded hostd', () => readies() > before);
}

async function changeConfiguration(world: World) {
  changeWorkers(world, apps[world.random(apps.length)] ?? '');
  await world.hostd.hostctl('update');
}

function changeWorkers({ place, random }: World, app: string) {
  const file = `${place.dir}/etc/apps.d/${app}.toml`;
  const text = readFileSync(file, 'utf8').replace(/^workers = \d+/m, `workers = ${1 + random(3)}`);
  writeFileSync(file, text);
}

/** Resolves when the process has ended: a signal is sent before it has its effect. */
async function kill(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  await until(`${pid} to end`, () => identify(pid) === null, { every: 2 });
}

/** Pids whose environment says that hostd started them for this program. */
function processesOf({ place }: World, name: string): number[] {
  return marked(place.mark)
    .filter(({ pid }) => runOf(pid)?.startsWith(`${name}.`))
    .map(({ pid }) => pid);
}

function runOf(pid: number): string | undefined {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return entries.find(entry => entry.startsWith('HOSTD_RUN='))?.slice('HOSTD_RUN='.length);
  } catch {
    return undefined;
  }
}

const isDown = (state: string) => state !== 'STARTING' && state !== 'STOPPING';

/** Of a process that has just ended hostd may not know yet. */
const isThere = (pid: number | null) => pid !== null && identify(pid) !== null;

/** What must hold whenever nothing is under way. */
async function check(world: World): Promise<void> {
  const status = await until(
    'no program to be on its way',
    async () => {
      const all = await world.hostd.status();
      const isSettled = all.every(({ state, pid }) => (state === 'RUNNING' ? isThere(pid) : isDown(state)));
      return isSettled ? all : null;
    },
    { every: 50 },
  );
  for (const { name, state, pid } of status) {
    if (world.stopped.has(name)) assert.equal(state, 'STOPPED', `${name} was stopped and is ${state}`);
    // The crasher comes and goes while we look; the proxy does not carry the test's mark.
    if (name === 'crasher' || name === 'hostd-proxy') continue;
    const runs = new Set(
      processesOf(world, name)
        .map(runOf)
        .filter(run => run !== undefined),
    );
    if (state === 'STOPPED') assert.deepEqual([...runs], [], `${name} is STOPPED and has processes`);
    if (state !== 'RUNNING') continue;
    assert.equal(runs.size, 1, `${name} is RUNNING with the processes of ${[...runs].join(' and ')}`);
    assert.equal(existsSync(`/proc/${pid}`), true, `${name} is RUNNING with pid ${pid}, which is gone`);
    if (apps.includes(name)) assert.equal((await world.hostd.get(`${name}.test`)).status, 200, name);
  }
}

interface Size {
  readonly fds: number;
  readonly megabytes: number;
  readonly children: number;
}

function sizeOf(pid: number): Size {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    fds: readdirSync(`/proc/${pid}/fd`).length,
    megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    children: readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).length,
  };
}

test(`${seconds} s of random faults leave everything as it must be`, {
  timeout: (seconds + 180) * 1000,
}, async t => {
  t.diagnostic(`SOAK_SEED=${seed} SOAK_SECONDS=${seconds}`);
  const place = makePlace(t);
  const random = randomFrom(seed);
  const { a, b } = isRoot ? await testAccounts() : { a: self(), b: self() };
  place.write('forker.py', forker);
  const user = { environment: place.env, ...(isRoot ? { user: a.name } : {}) };
  const others = {
    ...programs,
    forker: { command: `/usr/bin/python3 ${place.dir}/forker.py`, autorestart: 'true' },
  };
  const hostd = await startHostd(place, {
    apps: [
      await tinyApp(place, { name: 'one', account: a, keys: { workers: 2 } }),
      await tinyApp(place, { name: 'two', account: b, keys: { workers: 1 } }),
    ],
    config: {
      program: Object.fromEntries(Object.entries(others).map(([name, keys]) => [name, { ...keys, ...user }])),
    },
  });
  const world: World = { place, random, hostd, stopped: new Set() };
  const lots = acts.flatMap(act => Array.from({ length: act[1] }, () => act));
  const done = new Map<string, number>();
  const deadline = performance.now() + seconds * 1000;
  await check(world);
  while (performance.now() < deadline) {
    // Up to three things at once, then peace.
    const some = Array.from(
      { length: 1 + random(3) },
      () => [lots[random(lots.length)], names[random(names.length)] ?? ''] as const,
    );
    const quiet = some.filter(
      ([act]) => act !== undefined && !/hostd|configuration|reload|cross/.test(act[0]),
    );
    const chosen =
      quiet.length > 1 && new Set(quiet.map(([, name]) => name)).size === quiet.length
        ? quiet
        : some.slice(0, 1);
    const told = chosen.map(([act, name]) => `${act?.[0]} ${name}`);
    try {
      await Promise.all(chosen.map(([act, name]) => act?.[2](world, name)));
      await check(world);
    } catch (error) {
      throw new Error(
        `after ${told.join(', ')} (SOAK_SEED=${seed}): ${error instanceof Error ? error.message : error}`,
        { cause: error },
      );
    }
    for (const [act] of chosen) if (act !== undefined) done.set(act[0], (done.get(act[0]) ?? 0) + 1);
  }
  t.diagnostic([...done].map(([name, count]) => `${name} ${count}`).join(', '));
  // Nothing may pile up: as many fds and children as the same programs need in a fresh hostd.
  await world.hostd.hostctl('start', 'all');
  world.stopped.clear();
  await check(world);
  const used = sizeOf(world.hostd.pid);
  await world.hostd.stop();
  assert.deepEqual(
    names.flatMap(name => processesOf(world, name)),
    [],
    'after the end nothing is left',
  );
  world.hostd = await world.hostd.again();
  await check(world);
  const fresh = sizeOf(world.hostd.pid);
  t.diagnostic(`hostd after the soak: ${JSON.stringify(used)}, fresh: ${JSON.stringify(fresh)}`);
  assert.ok(used.fds <= fresh.fds + 8, `fds: ${used.fds}, fresh ${fresh.fds}`);
  assert.ok(used.children <= fresh.children + 2, `children: ${used.children}, fresh ${fresh.children}`);
  assert.ok(
    used.megabytes <= fresh.megabytes + 60,
    `memory: ${used.megabytes} MB, fresh ${fresh.megabytes} MB`,
  );
});
