// Measures one stack from its start to its end.

import { setTimeout as sleep } from 'node:timers/promises';
import type { TestApp } from '../../integration/harness/apps.ts';
import type { Place } from '../../integration/harness/place.ts';
import { until } from '../../integration/harness/until.ts';
import { startBare } from './bare.ts';
import { cpuIn, mastersIn, memoryIn } from './processes.ts';
import type { Stack } from './stack.ts';
import type { Column, Naps } from './table.ts';
import { Failures, firstAnswer, visit, visitAtRandom } from './visit.ts';

export interface Plan {
  /** Of random load. */
  readonly seconds: number;
  /** Of nobody. */
  readonly quiet: number;
}

/** Requests to each site before its memory counts: each of its workers has answered. */
const requests = 30;
/** How many times each site is woken. */
const tours = 2;

export async function measure(
  stack: Stack,
  place: Place,
  sites: readonly TestApp[],
  { seconds, quiet }: Plan,
): Promise<Column> {
  const begun = performance.now();
  const port = await stack.start(place, sites);
  await Promise.all(sites.map(({ host }) => firstAnswer({ port }, host)));
  const start = (performance.now() - begun) / 1000;
  for (let round = 0; round < requests; round++)
    await Promise.all(sites.map(({ host }) => firstAnswer({ port }, host)));
  const visited = memoryIn(place);
  if (stack.sleeps) await allAsleep(place);
  else await sleep(2000);
  const before = cpuIn(place);
  await sleep(quiet * 1000);
  const cpu = cpuIn(place) - before;
  const idle = memoryIn(place);
  const naps = stack.sleeps ? await measureNaps(place, port, sites, seconds) : null;
  return { title: stack.title, start, visited, idle, cpu, naps };
}

async function measureNaps(
  place: Place,
  port: number,
  sites: readonly TestApp[],
  seconds: number,
): Promise<Naps> {
  const [first] = sites;
  const answers: number[] = [];
  const bare: number[] = [];
  const failures = new Failures();
  for (let tour = 0; tour < tours; tour++) {
    // In turns, so that other work of the machine affects both.
    for (const { host } of sites) {
      if (first !== undefined) bare.push(await startBare(first));
      const answer = await visit({ port }, host).catch((error: Error) => failures.add(error));
      if (answer !== undefined) answers.push(answer);
    }
    await allAsleep(place);
  }
  const masters = new Set<number>();
  const watch = setInterval(() => {
    for (const { pid } of mastersIn(place)) masters.add(pid);
  }, 2000);
  const requests = await visitAtRandom(port, sites, seconds, failures);
  clearInterval(watch);
  return { answers, bare, requests, failed: failures.count, how: failures.how, starts: masters.size };
}

async function allAsleep(place: Place): Promise<void> {
  await until('all sites to sleep', () => mastersIn(place).length === 0, { timeout: 300_000, every: 500 });
  await sleep(2000);
}
