// Random commands about sites with visitors: what loses no request by itself loses none in any order either. Sites sleep, wake, move to
// upstreams and back, are scaled, reloaded, restarted and updated; hostd is killed and upgraded. The seed is printed:
// SOAK_SEED=N repeats a run, SOAK_SECONDS=N makes it longer (npm run test:all: three minutes).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Target } from '../scripts/http.ts';
import type { TomlTable } from '../scripts/toml-text.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { type TestApp, tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { randomFrom } from './harness/random.ts';
import { until } from './harness/until.ts';
import { writeApp } from './harness/write-app.ts';
import { type Server, startServer } from './upstreams/start.ts';

const seconds = Number(process.env['SOAK_SECONDS'] ?? 6);
const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);

interface World {
  readonly place: Place;
  readonly random: (below: number) => number;
  readonly servers: readonly Server[];
  hostd: Hostd;
  /** Whether hostd is killed or replaced while other commands go on. */
  dies: boolean;
  /** As configured at present. */
  readonly apps: Map<string, TestApp>;
  /** What has been done, for whoever reads a failure. */
  readonly told: string[];
}

/** Answers with the request's number, after the time that it asks for. */
const source = `
import time
def application(environ, start_response):
    number, _, ms = environ["QUERY_STRING"].partition("&")
    time.sleep(int(ms or 0) / 1000)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(number)))])
    return [number.encode()]
`;

const busy = ['shop', 'blog'];
const drowsy = ['drowsy', 'dreamy'];
const all = [...busy, ...drowsy];

/** Keys that an operator may change at any time, with their values. */
const changes: readonly (readonly [string, readonly (string | number | boolean | undefined)[]])[] = [
  ['workers', [1, 2, 3]],
  ['threads', [1, 4]],
  ['timeout', [30, 60]],
  ['max_requests', [undefined, 50]],
  ['preload', [false, true]],
  ['keepalive', [2, 5]],
  ['stopwaitsecs', [10, 20]],
  ['nice', [undefined, 1]],
  ['memory_restart', [undefined, '900M']],
];
const naps = ['1s', '2s', undefined];

/** Name and weight of each thing that may happen. */
const acts: readonly (readonly [string, number, (world: World, name: string) => Promise<unknown>])[] = [
  ['reload', 3, (world, name) => well(world, world.hostd.hostctl('reload', name))],
  ['restart', 3, (world, name) => well(world, world.hostd.hostctl('restart', name))],
  ['start', 1, (world, name) => well(world, world.hostd.hostctl('start', name))],
  [
    'scale',
    2,
    async ({ hostd, random }, name) => hostd.hostctl('scale', name, String(1 + random(3)), '--yes'),
  ],
  ['update', 6, update],
  ['move', 3, move],
  [
    'kill hostd',
    2,
    async world => {
      await sleep(world.random(1500));
      await world.hostd.kill9();
      world.hostd = await world.hostd.again();
    },
  ],
  ['upgrade hostd', 1, upgrade],
];

/** The command does what it says; it may only be overtaken, or lose its hostd. */
async function well(world: World, running: ReturnType<Hostd['hostctl']>): Promise<void> {
  const { code, stdout, stderr } = await running;
  // Whoever is overtaken says so: another command was later. What has moved away has nothing to restart here.
  if (code !== 0 && !world.dies && !/meanwhile|it has upstreams/.test(stderr))
    assert.fail(`exit ${code}: ${stdout}${stderr}`);
}

async function update(world: World, name: string) {
  const { random } = world;
  const [key, values] = changes[random(changes.length)] ?? ['', []];
  const table: Record<string, unknown> = {
    ...world.apps.get(name)?.table,
    [key]: values[random(values.length)],
  };
  if (drowsy.includes(name) && random(3) === 0) table['idle_timeout'] = naps[random(naps.length)];
  if (drowsy.includes(name) && random(3) === 0) table['on_demand'] = random(2) === 0;
  await change(world, name, table);
}

/** To servers elsewhere, to others, or back. */
async function move(world: World) {
  const { random, servers } = world;
  const name = busy[random(busy.length)] ?? '';
  const some = servers.slice(random(2), 1 + random(2)).map(({ address }) => address);
  await change(world, name, {
    ...world.apps.get(name)?.table,
    upstreams: some.length === 0 ? undefined : some,
  });
}

async function change(world: World, name: string, table: Readonly<Record<string, unknown>>) {
  const app = world.apps.get(name);
  if (app === undefined) return;
  const wanted = Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
  const changed = { ...app, table: wanted as TomlTable };
  world.apps.set(name, changed);
  writeApp(world.place, changed);
  await well(world, world.hostd.hostctl('update'));
}

async function upgrade(world: World) {
  const { hostd, random } = world;
  await sleep(random(1500));
  const readies = () => hostd.output().split('"msg":"ready: ').length;
  const before = readies();
  const { code, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 0, stderr);
  await until('the upgraded hostd', () => readies() > before);
}

/** One visitor after the other until `isOver`; what went wrong with any of them. */
async function visit(
  world: World,
  name: string,
  isOver: () => boolean,
  pause: () => number,
  failures: string[],
): Promise<number> {
  let count = 0;
  while (!isOver()) {
    const burst = Array.from({ length: 1 + world.random(4) }, async () => {
      const number = `${name}-${count++}`;
      const isDirect = world.random(2) === 0 && drowsy.includes(name);
      const app = world.apps.get(name) as TestApp;
      const to: Target = isDirect ? { socketPath: app.socket } : { port: world.hostd.port };
      const since = world.told.length;
      const started = performance.now();
      const failed = await ask({
        to,
        host: app.host,
        path: `/?${number}&${world.random(30)}`,
        timeout: 60_000,
      }).then(
        ({ status, text }) => (status === 200 ? undefined : `${status} ${text.slice(0, 200)}`),
        (error: Error) => String(error),
      );
      if (failed !== undefined)
        failures.push(
          `${number} ${isDirect ? 'by its socket' : 'by the proxy'} after ${Math.round(performance.now() - started)} ms: ${failed}; meanwhile: ${world.told.slice(Math.max(0, since - 3)).join(', ')}`,
        );
    });
    await Promise.all(burst);
    await sleep(pause());
  }
  return count;
}

test(`${seconds} s of commands about sites with visitors: no request fails`, {
  skip: !isRoot && 'needs root',
  timeout: (seconds + 240) * 1000,
}, async t => {
  t.diagnostic(`SOAK_SEED=${seed} SOAK_SECONDS=${seconds}`);
  const place = makePlace(t);
  const random = randomFrom(seed);
  const { a, b } = await testAccounts();
  const servers = await Promise.all(['one', 'two'].map(name => startServer(place, name)));
  const account = (name: string) => (busy.includes(name) ? a : b);
  const apps = await Promise.all(
    all.map(name =>
      tinyApp(place, {
        name,
        account: isRoot ? account(name) : self(),
        source,
        keys: { workers: 2, ...(drowsy.includes(name) ? { idle_timeout: '1s', on_demand: true } : {}) },
      }),
    ),
  );
  const hostd = await startHostd(place, { apps });
  const world: World = {
    place,
    random,
    servers,
    hostd,
    dies: false,
    apps: new Map(apps.map(app => [app.name, app])),
    told: [],
  };
  const lots = acts.flatMap(act => Array.from({ length: act[1] }, () => act));
  const deadline = performance.now() + seconds * 1000;
  const failures: string[] = [];
  const isOver = () => performance.now() > deadline || failures.length > 0;
  const counts = [
    ...busy.map(name => visit(world, name, isOver, () => 2, failures)),
    ...drowsy.map(name => visit(world, name, isOver, () => 500 + random(2500), failures)),
  ];
  while (!isOver()) {
    // Up to three things at once, but only one death of hostd.
    const some = Array.from({ length: 1 + random(3) }, () => lots[random(lots.length)]);
    const deaths = some.filter(act => act?.[0].endsWith('hostd'));
    const chosen = some.filter(act => !deaths.slice(1).includes(act));
    const named = chosen.map(act => [act, all[random(all.length)] ?? ''] as const);
    world.told.push(named.map(([act, name]) => `${act?.[0]} ${name}`).join(' + '));
    world.dies = deaths.length > 0;
    await Promise.all(named.map(([act, name]) => act?.[2](world, name)));
    if (world.dies) {
      world.dies = false;
      await well(world, world.hostd.hostctl('update'));
    }
  }
  const requests = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  t.diagnostic(`${requests} requests, ${world.told.length} times commands`);
  if (failures.length > 0)
    assert.fail(
      `SOAK_SEED=${seed}, ${requests} requests; hostd said:\n${world.hostd.output().slice(-6000)}\n${failures.join('\n')}`,
    );
  const status = await until('no program to be on its way', async () => {
    const programs = await world.hostd.status();
    return programs.every(({ state }) => /RUNNING|STOPPED/.test(state)) ? programs : null;
  });
  for (const { name, state, idle_since } of status)
    assert.ok(state === 'RUNNING' || idle_since !== null, `${name} is ${state}`);
});
