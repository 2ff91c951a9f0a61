// What event listeners cost and hear: how soon they are told, and what a loud program does to its log and to them.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../integration/harness/until.ts';
import { median, percentile } from '../supervision/figures.ts';
import { cpuOf } from '../supervision/proc.ts';
import { type Stamp, secondsSince } from '../supervision/stamps.ts';
import { figureOf, type Row, taking } from './rows.ts';
import { type Ground, type Side, startBoth, startSide, waiting } from './side.ts';
import type { Figure } from './table.ts';

const settling = 2200;
const logLines = 500_000;
const logBytes = logLines * 100;
const logRounds = 3;

interface Note {
  readonly event: string;
  readonly bytes: number;
  readonly at: bigint;
  readonly data: string;
}

function notesOf({ notes }: Pick<Side, 'notes'>): Note[] {
  if (!existsSync(notes)) return [];
  const lines = readFileSync(notes, 'utf8').split('\n').slice(0, -1);
  return lines.map(line => {
    const [event = '', bytes = '', at = '', data = ''] = line.split(' ');
    return { event, bytes: Number(bytes), at: BigInt(at), data };
  });
}

async function noteAfter(side: Side, count: number): Promise<Note> {
  const notes = await until('an event', () => (notesOf(side).length > count ? notesOf(side) : null), {
    every: 2,
  });
  const note = notes[count];
  if (note === undefined || notes.length !== count + 1) throw new Error(`${side.name}: more than one event`);
  return note;
}

/** From the write of a line, as its writer has seen it, until a listener has it. */
async function logEvent(ground: Ground): Promise<readonly Figure[]> {
  const keys = { stdout_events_enabled: 'true' };
  const sides = await startBoth(ground, {
    programs: [{ name: 'say', mode: 'say', keys }],
    events: 'PROCESS_LOG_STDOUT',
  });
  await sleep(settling);
  const samples = await taking(300, sides, async side => {
    const count = notesOf(side).length;
    process.kill((side.first[0] as Stamp).pid, 'SIGUSR1');
    const { at, data } = await noteAfter(side, count);
    await sleep(Math.random() * 10);
    return secondsSince(BigInt(data), at) * 1000;
  });
  const about = { unit: 'ms', better: 'less' } as const;
  return [
    figureOf(samples, median, { title: 'a line to PROCESS_LOG at a listener, median', ...about }),
    figureOf(samples, list => percentile(list, 0.99), { title: 'the same, p99', ...about }),
  ];
}

/** From kill -9 of a program until a listener knows that it has exited. */
async function exitEvent(ground: Ground): Promise<readonly Figure[]> {
  const fleet = { ...waiting(100), events: 'PROCESS_STATE_EXITED' };
  const sides = await startBoth(ground, fleet);
  await sleep(settling);
  const samples = await taking(100, sides, async (side, turn) => {
    const count = notesOf(side).length;
    const begun = process.hrtime.bigint();
    process.kill((side.first[turn] as Stamp).pid, 'SIGKILL');
    const { at } = await noteAfter(side, count);
    await sleep(Math.random() * 30);
    return secondsSince(begun, at) * 1000;
  });
  const about = { unit: 'ms', better: 'less' } as const;
  return [
    figureOf(samples, median, { title: 'kill -9 to PROCESS_STATE_EXITED at a listener, median', ...about }),
    figureOf(samples, list => percentile(list, 0.99), { title: 'the same, p99', ...about }),
  ];
}

interface Logged {
  readonly wall: number;
  readonly cpu: number;
  readonly lostLog: number;
  readonly lostEvents: number;
}

/** 50 MB of log of a program whose output is told to a listener. */
async function log(ground: Ground): Promise<readonly Figure[]> {
  const samples: { hostd: Logged[]; Supervisor: Logged[] } = { hostd: [], Supervisor: [] };
  for (let round = 0; round < logRounds; round++)
    for (const name of ['hostd', 'Supervisor'] as const)
      samples[name].push(await logOnce(name, { ...ground, dir: `${ground.dir}/${round}` }));
  const of = (key: keyof Logged) =>
    [samples.hostd.map(one => one[key]), samples.Supervisor.map(one => one[key])] as const;
  return [
    figureOf(of('wall'), median, {
      title: '50 MB of log with events, until it is in the file',
      unit: 's',
      better: 'less',
    }),
    figureOf(of('cpu'), median, { title: 'CPU of the supervisor for that', unit: 's', better: 'less' }),
    figureOf(of('lostLog'), median, { title: 'lines lost in the log', unit: 'lines', better: 'less' }),
    figureOf(of('lostEvents'), median, {
      title: 'lines that the listener was not told',
      unit: 'lines',
      better: 'less',
    }),
  ];
}

async function logOnce(name: Side['name'], ground: Ground): Promise<Logged> {
  const directory = `${ground.dir}/${name}/log`;
  const keys = { stdout_events_enabled: 'true', stdout_logfile: `${directory}/p.log` };
  const side = await startSide(name, ground, {
    programs: [{ name: 'p', mode: 'log', args: [String(logLines)], keys }],
    events: 'PROCESS_LOG_STDOUT',
  });
  await sleep(settling);
  const size = () =>
    readdirSync(directory)
      .filter(file => file.startsWith('p.log'))
      .reduce(
        (sum, file) => sum + (statSync(`${directory}/${file}`, { throwIfNoEntry: false })?.size ?? 0),
        0,
      );
  const heard = () => notesOf(side).reduce((sum, { bytes }) => sum + bytes, 0);
  const before = cpuOf(side.processes());
  const begun = process.hrtime.bigint();
  process.kill((side.first[0] as Stamp).pid, 'SIGUSR1');
  // Whole, or no more comes.
  const rest = { bytes: -1, at: performance.now() };
  await until('50 MB of log', () => isThere(size(), logBytes, rest), { timeout: 120_000, every: 5 });
  const wall = secondsSince(begun);
  const told = { bytes: -1, at: performance.now() };
  await until('the events', () => isThere(heard(), logBytes, told), { timeout: 120_000, every: 50 });
  const cpu = cpuOf(side.processes()) - before;
  const lost = (bytes: number) => Math.ceil((logBytes - bytes) / 100);
  const result = { wall, cpu, lostLog: lost(size()), lostEvents: lost(heard()) };
  for (const pid of [...side.first.map(stamp => stamp.pid), ...side.processes()].reverse())
    process.kill(pid, 'SIGKILL');
  return result;
}

/** Whether it is all there, or has not grown for three seconds. */
function isThere(bytes: number, wanted: number, rest: { bytes: number; at: number }): boolean {
  if (bytes !== rest.bytes) Object.assign(rest, { bytes, at: performance.now() });
  return bytes >= wanted || performance.now() - rest.at > 3000;
}

export const eventRows: Readonly<Record<string, Row>> = { logEvent, exitEvent, log };
