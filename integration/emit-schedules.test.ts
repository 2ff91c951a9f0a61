// The scheduler that emit compose puts beside a scheduled program: its times are hostd's own, and its runs come one at once and end with it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { run } from '../scripts/run.ts';
import { dueSource, planOf, schedulingCommand } from '../src/formats/containers/scheduler.ts';
import { timetable } from '../src/words/timetable.ts';
import { makePlace, type Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';

const python = findProgram('python3') ?? 'python3';
const program = { stopsignal: 'SIGTERM' as const, stopwaitsecs: 60 };
const scheduleOf = (cron: string, timezone: string | null = null, timeLimit: number | null = null) => ({
  cron,
  timezone,
  catchUp: false,
  timeLimit,
});

/** Unix minutes of a day that the clocks of these zones leap in. */
const day = (date: string) => {
  const from = Date.parse(date) / 60_000;
  return { from, until: from + 24 * 60 };
};
const leaps = [
  ['Europe/Berlin', day('2027-03-27T12:00Z')],
  ['Europe/Berlin', day('2027-10-30T12:00Z')],
  ['America/New_York', day('2027-11-06T12:00Z')],
  ['Australia/Lord_Howe', day('2027-04-03T12:00Z')],
  ['UTC', day('2027-12-31T12:00Z')],
] as const;

const crons = [
  ...['0 3 * * *', '30 2 * * *', '*/15 * * * *', '0 * * * *', '59 1 * * *', '0 0 1 * *', '10 2 28 * 1'],
  ...['0 12 */2 * mon', '5 4 * * sun', '@hourly'],
];

test('its times are those of hostd, also where a clock leaps', async () => {
  const field = (least: number, most: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: least, max: most }).map(String),
      fc.integer({ min: 2, max: 20 }).map(step => `*/${step}`),
    );
  const drawn = fc.sample(fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)), {
    numRuns: 10,
  });
  for (const [zone, { from, until: end }] of leaps) {
    // At the leaps croner has rules of its own for lists of hours.
    const texts =
      zone === 'UTC' ? [...crons, '15 1-3 * * *', ...drawn.map(fields => fields.join(' '))] : crons;
    const source = texts
      .map((text, at) => {
        const plan = JSON.stringify(planOf(scheduleOf(text, zone), program));
        const list = `[m for m in range(${from}, ${end}) if due(m)]`;
        return at === 0 ? `found = [${list}]` : `plan = json.loads(${plan})\nfound.append(${list})`;
      })
      .join('\n');
    const plan = planOf(scheduleOf(texts[0] ?? '', zone), program);
    const { code, stdout, stderr } = await run([
      python,
      '-c',
      `${dueSource}${source}\nprint(json.dumps(found))`,
      plan,
    ]);
    assert.equal(code, 0, stderr);
    const found = JSON.parse(stdout) as readonly (readonly number[])[];
    for (const [at, text] of texts.entries())
      assert.deepEqual(found[at], minutesOf(text, zone, from, end), `${text} in ${zone}`);
  }
});

function minutesOf(text: string, zone: string, from: number, end: number): readonly number[] {
  const next = timetable(text, zone);
  const minutes: number[] = [];
  for (let at = next(from * 60_000 - 1000); at !== null && at < end * 60_000; at = next(at))
    minutes.push(Math.floor(at / 60_000));
  return minutes;
}

/** A clock that goes so many times as fast as the world's. */
const hasten = (times: number) => `import time
_time, _sleep = time.time, time.sleep
_since = _time()
time.time = lambda: _since + (_time() - _since) * ${times}
time.sleep = lambda seconds: _sleep(seconds / ${times})
`;

function startScheduler(place: Place, script: string, timeLimit: number | null = null) {
  const [, , source = '', ...rest] = schedulingCommand(
    python,
    scheduleOf('* * * * *', null, timeLimit),
    { ...program, stopwaitsecs: 60 },
    ['/bin/sh', '-c', script],
  );
  // A minute takes a tenth of a second. A time limit is the world's.
  const child = spawn(python, ['-c', hasten(600) + source, ...rest], {
    cwd: place.dir,
    env: { PATH: process.env['PATH'], ...place.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', text => {
    said += text;
  });
  place.after(async () => void (await end(child, 'SIGKILL')));
  return { child, said: () => said };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  return (await ended)[0];
}

test('it runs again and again, says how a run has failed, and goes on', async t => {
  const place = makePlace(t);
  const { child, said } = startScheduler(place, 'echo run >>runs; exit 3');
  const runs = () =>
    existsSync(`${place.dir}/runs`) ? readFileSync(`${place.dir}/runs`, 'utf8').length / 4 : 0;
  await until('three runs', () => runs() >= 3);
  assert.match(said(), /^the run has failed with exit code 3$/m);
  assert.equal(await end(child, 'SIGTERM'), 0);
});

test('while a run goes on none begins, and it is told to end with the container', async t => {
  const place = makePlace(t);
  const { child } = startScheduler(
    place,
    'echo begun >>log; trap "echo told >>log; exit" TERM; while :; do sleep 0.05; done',
  );
  const log = () => (existsSync(`${place.dir}/log`) ? readFileSync(`${place.dir}/log`, 'utf8') : '');
  await until('a run', () => log() !== '');
  // Some of its minutes pass.
  await new Promise(resolve => setTimeout(resolve, 500));
  assert.equal(log(), 'begun\n');
  assert.equal(await end(child, 'SIGTERM'), 0);
  assert.equal(log(), 'begun\ntold\n');
});

test('a run that takes longer than its limit is stopped, and its times that have passed were missed', async t => {
  const place = makePlace(t);
  const { child, said } = startScheduler(place, 'exec sleep 60', 0.5);
  await until('it to say so', () => /a run was missed/.test(said()));
  assert.match(said(), /^the run has taken longer than its time_limit, and is stopped\na run was missed/);
  await end(child, 'SIGTERM');
});
