// What is measured of the two, a function for each kind of fleet. They take turns, sample by sample, and an answer is checked before
// its time counts.

import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../supervision/figures.ts';
import { memoryOf } from '../supervision/proc.ts';
import { timeRespawn } from '../supervision/sessions.ts';
import { ended, type Stamp, secondsSince } from '../supervision/stamps.ts';
import { makeCaller } from './rpc-client.ts';
import { type Client, type Ground, type Side, startBoth, waiting } from './side.ts';
import type { Figure } from './table.ts';

export type Row = (ground: Ground) => Promise<readonly Figure[]>;

/** Longer than startsecs and Supervisor's second of main loop, in milliseconds. */
const settling = 2200;
/** hostd gives back by then what its start has left. */
const tidied = 8000;
const many = 200;
const patience = 120_000;

/** Runs `sample` of one, then of the other, `times` times; the samples of each. */
export async function taking<T>(
  turns: number,
  sides: readonly [Side, Side],
  sample: (side: Side, turn: number) => Promise<T>,
): Promise<readonly [T[], T[]]> {
  const samples: readonly [T[], T[]] = [[], []];
  for (let turn = 0; turn < turns; turn++)
    for (const which of turn % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
      samples[which].push(await sample(sides[which], turn));
  return samples;
}

/** One figure of the samples of both. */
export function figureOf(
  [hostd, Supervisor]: readonly [readonly number[], readonly number[]],
  reduce: (samples: readonly number[]) => number,
  about: Omit<Figure, 'of'>,
): Figure {
  return { ...about, of: { hostd: reduce(hostd), Supervisor: reduce(Supervisor) } };
}

/** supervisorctl status: Debian's of both, and hostd's own of hostd. */
function status(count: number, questions: number): Row {
  return async ground => {
    const sides = await startBoth(ground, waiting(count));
    await sleep(settling);
    const ask = async (side: Side, client: Client) => {
      const { stdout, ms } = await side.ctl(client, 'status');
      for (const { name, pid } of side.first)
        if (!new RegExp(`^${name} +RUNNING +pid ${pid},`, 'm').test(stdout))
          throw new Error(`${side.name}: the status does not say that "${name}" runs as ${pid}:\n${stdout}`);
      return ms;
    };
    const theirs = await taking(questions, sides, side => ask(side, 'supervisorctl'));
    const own = await taking(questions, sides, side =>
      ask(side, side.name === 'hostd' ? 'own' : 'supervisorctl'),
    );
    const what = `status of ${count} program${count === 1 ? '' : 's'}`;
    return [
      figureOf(theirs, median, { title: `${what}, Debian's supervisorctl`, unit: 'ms', better: 'less' }),
      figureOf(own, median, {
        title: `${what}, each with its own supervisorctl`,
        unit: 'ms',
        better: 'less',
      }),
    ];
  };
}

/** Two hundred programs: with the daemon, then stopped and started by Debian's supervisorctl. */
async function startStop(ground: Ground): Promise<readonly Figure[]> {
  const sides = await startBoth(ground, waiting(many));
  await sleep(settling);
  const runs = new Map(sides.map(side => [side, side.first]));
  const samples = await taking(3, sides, async side => {
    const before = side.stamps.all().length;
    const begun = process.hrtime.bigint();
    const gone = ended(
      (runs.get(side) ?? []).map(({ pid }) => pid),
      patience,
    );
    const [stop] = await Promise.all([side.ctl('supervisorctl', 'stop', 'all'), gone]);
    const stopped = secondsSince(begun);
    expectLines(side, stop.stdout, 'stopped');
    const started = process.hrtime.bigint();
    const start = await side.ctl('supervisorctl', 'start', 'all');
    expectLines(side, start.stdout, 'started');
    const next = (await side.stamps.reach(before + many, patience)).slice(before);
    if (next.length !== many) throw new Error(`${side.name}: ${next.length} starts of ${many} programs`);
    runs.set(side, next);
    return {
      stopped,
      returned: start.ms / 1000,
      last: Math.max(...next.map(({ at }) => secondsSince(started, at))),
    };
  });
  const [ours, theirs] = sides;
  const only = (key: 'stopped' | 'returned' | 'last') =>
    [samples[0].map(sample => sample[key]), samples[1].map(sample => sample[key])] as const;
  const less = { unit: 's', better: 'less' } as const;
  return [
    figureOf([[ours.wall], [theirs.wall]], median, {
      title: `start of the daemon until ${many} programs run`,
      ...less,
    }),
    figureOf(only('stopped'), median, { title: `stop all of ${many}, until they are gone`, ...less }),
    figureOf(only('last'), median, { title: `start all of ${many}, until the last one runs`, ...less }),
    figureOf(only('returned'), median, {
      title: 'the same until supervisorctl returns (startsecs=1)',
      ...less,
    }),
  ];
}

function expectLines({ name }: Side, text: string, word: string): void {
  const count = text.split('\n').filter(line => line.endsWith(`: ${word}`)).length;
  if (count !== many) throw new Error(`${name}: ${count} of ${many} programs ${word}:\n${text}`);
}

/** kill -9 of a program that runs, until the first instruction of its next run, by the program's own clock. */
async function respawn(ground: Ground): Promise<readonly Figure[]> {
  const sides = await startBoth(ground, waiting(10));
  const now = new Map(sides.map(side => [side, [...side.first]]));
  const samples: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    await sleep(settling);
    const [ours, theirs] = await taking(10, sides, async (side, turn) => {
      const victims = now.get(side) ?? [];
      const victim = victims[turn] as Stamp;
      const { next, ms } = await timeRespawn(side.stamps, victim);
      victims[turn] = next;
      return ms;
    });
    samples[0].push(...ours);
    samples[1].push(...theirs);
  }
  const about = { unit: 'ms', better: 'less', aim: 100 } as const;
  return [
    figureOf(samples, median, { title: 'respawn after kill -9, median', ...about }),
    figureOf(samples, list => percentile(list, 0.95), { title: 'respawn after kill -9, p95', ...about }),
  ];
}

/** Calls one after the other on one kept connection, with two hundred programs. */
async function rpc(ground: Ground): Promise<readonly Figure[]> {
  const sides = await startBoth(ground, waiting(many));
  await sleep(settling);
  const figures: Figure[] = [];
  for (const [method, isRight] of [
    ['supervisor.getState', (body: string) => body.includes('<string>RUNNING</string>')],
    [
      'supervisor.getAllProcessInfo',
      (body: string) =>
        body.split('<name>statename</name>\n<value><string>RUNNING</string>').length === many + 1,
    ],
  ] as const) {
    const rates = await taking(3, sides, async ({ name, socket }) => {
      const caller = await makeCaller(socket, method);
      const check = async () => {
        const body = (await caller.call()).toString();
        if (!isRight(body)) throw new Error(`${name}: ${method} answered ${body.slice(0, 300)}`);
      };
      await check();
      const begun = performance.now();
      let calls = 0;
      for (; performance.now() - begun < 1500; calls++) await caller.call();
      const rate = (calls * 1000) / (performance.now() - begun);
      await check();
      caller.close();
      return rate;
    });
    figures.push(
      figureOf(rates, median, { title: `${method}, one client`, unit: 'calls/s', better: 'more' }),
    );
  }
  return figures;
}

/** Of everything that is not a program: before the first client, right after one, and a while later. */
async function memory(ground: Ground): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const count of [1, many]) {
    const own = { ...ground, dir: `${ground.dir}/${count}` };
    const sides = await startBoth(own, waiting(count));
    const look = (key: 'pss' | 'dirty', title: string) => {
      const [hostd, Supervisor] = sides.map(side => memoryOf(side.processes())[key]) as [number, number];
      figures.push({ title, unit: 'MiB', better: 'less', of: { hostd, Supervisor } });
    };
    await sleep(tidied);
    const programs = `${count} program${count === 1 ? '' : 's'}`;
    look('dirty', `Private_Dirty, ${programs}, before a client comes`);
    look('pss', `Pss, ${programs}, before a client comes`);
    for (const side of sides) await side.ctl('supervisorctl', 'status');
    look('dirty', `Private_Dirty, ${programs}, while clients come`);
    look('pss', `Pss, ${programs}, while clients come`);
    await sleep(tidied);
    look('dirty', `Private_Dirty, ${programs}, after a client has left`);
    look('pss', `Pss, ${programs}, after a client has left`);
  }
  return figures;
}

export const fleetRows: Readonly<Record<string, Row>> = {
  status1: status(1, 20),
  status200: status(many, 10),
  startStop,
  respawn,
  rpc,
  memory,
};
