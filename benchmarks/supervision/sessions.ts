// The sessions: one function for each kind of fleet. Answers are checked before their time counts.

import { readdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../integration/harness/until.ts';
import { median, percentile } from './figures.ts';
import type { Figures, Ground, Peer } from './peer.ts';
import { cpuOf, memoryOf } from './proc.ts';
import { askStatus, begin, finish, settling, timeStop } from './session.ts';
import { type Stamp, type Stamps, secondsSince } from './stamps.ts';

const kills = 30;
const questions = 20;
const logLines = 2_000_000;
const logBytes = logLines * 100;

/** Ten programs: how soon a killed one is back, how soon a question is answered, how much memory it takes. */
export async function smallFleet(peer: Peer, ground: Ground): Promise<Figures> {
  const { session, stamps, first } = await begin(peer, ground, ['wait'], 10);
  const now = [...first];
  const respawns: number[] = [];
  while (respawns.length < kills) {
    await sleep(settling);
    for (const [place, victim] of now.entries()) {
      const { next, ms } = await timeRespawn(stamps, victim);
      now[place] = next;
      respawns.push(ms);
    }
  }
  await sleep(settling);
  if (stamps.all().length !== 10 + kills) throw new Error('a program was started more than once');
  const answers: number[] = [];
  // One more, since the first one fills the page cache.
  for (let n = 0; n <= questions; n++)
    for (const stamp of now.slice(n % 10, (n % 10) + 1)) answers.push(await askStatus(session, stamp));
  answers.shift();
  const memory = memoryOf(session.processes());
  const pids = now.map(({ pid }) => pid);
  await finish(session, pids);
  return {
    'respawn.median': median(respawns),
    'respawn.p95': percentile(respawns, 0.95),
    'status.median': median(answers),
    'status.p95': percentile(answers, 0.95),
    'memory10.rss': memory.rss,
    'memory10.pss': memory.pss,
    'memory10.dirty': memory.dirty,
  };
}

/** Kills a program. Returns the milliseconds from before the signal to the first instruction of its next run. */
export async function timeRespawn(stamps: Stamps, victim: Stamp): Promise<{ next: Stamp; ms: number }> {
  const count = stamps.all().length;
  const killed = process.hrtime.bigint();
  process.kill(victim.pid, 'SIGKILL');
  const next = (await stamps.reach(count + 1)).at(-1);
  if (next?.name !== victim.name || next.pid === victim.pid) throw new Error(`"${victim.name}" is not back`);
  // So that the kills fall into no rhythm with the supervisor.
  await sleep(20 + Math.random() * 30);
  return { next, ms: secondsSince(killed, next.at) * 1000 };
}

/** Two hundred programs: how long they take to start and to stop, and how much memory they need. */
export async function largeFleet(peer: Peer, ground: Ground): Promise<Figures> {
  const { session, first, wall, stamps } = await begin(peer, ground, ['wait'], 200);
  const cpu = cpuOf(session.processes());
  await sleep(settling);
  for (const stamp of [...first.slice(0, 1), ...first.slice(-1)]) await askStatus(session, stamp);
  const memory = memoryOf(session.processes());
  const pids = first.map(({ pid }) => pid);
  const stop = await timeStop(session.stopAll, pids);
  if (stamps.all().length !== 200) throw new Error('a program was started more than once');
  await finish(session, pids);
  return {
    'start200.wall': wall,
    'start200.cpu': cpu,
    'stop200.wall': stop,
    'memory200.rss': memory.rss,
    'memory200.pss': memory.pss,
    'memory200.dirty': memory.dirty,
  };
}

/** One program that writes 200 MB of log: the time until all of it is in the files. */
export async function bigLog(peer: Peer, ground: Ground): Promise<Figures> {
  const { session, first } = await begin(peer, ground, ['log', String(logLines)], 1);
  await sleep(settling);
  const pids = first.map(({ pid }) => pid);
  const before = cpuOf(session.processes());
  const start = process.hrtime.bigint();
  for (const pid of pids) process.kill(pid, 'SIGUSR1');
  const written = () => logSize(`${ground.dir}/logs`);
  // While a rotation copies, some bytes are in two files.
  await until(`${logBytes} bytes of log, neither more nor less`, () => written() === logBytes, {
    timeout: 60_000,
    every: 10,
  });
  const wall = secondsSince(start);
  const cpu = cpuOf(session.processes()) - before;
  await finish(session, pids);
  return { 'log.wall': wall, 'log.cpu': cpu };
}

/** Bytes of a log with its rotated files. svlogd has two files of its own beside them. */
function logSize(directory: string): number {
  return readdirSync(directory)
    .filter(name => name !== 'config' && name !== 'lock')
    .reduce((sum, name) => sum + (statSync(`${directory}/${name}`, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Twenty programs that each need half a second to end: one after the other, or together. */
export async function slowStops(peer: Peer, ground: Ground): Promise<Figures> {
  const { session, first, stamps } = await begin(peer, ground, ['slow', '500'], 20);
  await sleep(settling);
  const stop = await timeStop(
    session.stopAll,
    first.map(({ pid }) => pid),
  );
  await timeStop(session.startAll, []);
  const again = (await stamps.reach(40)).slice(20);
  await sleep(settling);
  const shutdown = await finish(
    session,
    again.map(({ pid }) => pid),
  );
  return { 'stop20.wall': stop, 'shutdown20.wall': shutdown };
}
