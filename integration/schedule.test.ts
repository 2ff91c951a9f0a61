// Scheduled programs by a clock that the test sets: at their time, late, missed, by hand, over hostd's own death, and changed while
// they run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tomlText } from '../scripts/toml-text.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { djangoApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { june, logged, scheduled, script, startClocked, statusOf } from './schedule/set-clock.ts';

const jobs = (programs: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>) =>
  tomlText({
    program: Object.fromEntries(
      Object.entries(programs).map(([name, keys]) => [name, { user: self().name, ...keys }]),
    ),
  });

const withJobs = (place: Place, programs: Parameters<typeof jobs>[0]) => ({
  config: { proxy: { enabled: false } },
  files: { 'jobs.toml': jobs(programs) },
  env: place.env,
});

test('a program is run at its time, once at a time, and status says what came of it', async t => {
  const place = makePlace(t);
  const nightly = script(place, 'nightly');
  const other = script(place, 'other');
  const { hostd, clock } = await startClocked(
    place,
    june(1, 2, 59),
    withJobs(place, {
      nightly: { command: nightly.command, schedule: '0 3 * * *' },
      other: { command: other.command, schedule: '@daily', catch_up: true },
    }),
  );
  const ended = (day: number) => (program: { schedule: { last: { started: number } | null } | null }) =>
    (program.schedule?.last?.started ?? 0) >= june(day, 0).getTime() / 1000;

  assert.match(await statusOf(hostd, 'nightly'), /^0 nightly +STOPPED +next run 2026-06-01 03:00:00\n$/);
  nightly.hold(true);
  await clock.set(hostd, june(1, 3));
  await hostd.state('nightly', 'RUNNING');
  // Midnight for the other, and three o'clock again for one that has not ended.
  await clock.set(hostd, june(2, 3));
  await logged(hostd, /nightly has missed its run of 2026-06-02 03:00:00: the run before it still goes on/);
  await scheduled(hostd, 'other', 'its run to have ended', ended(2));
  assert.deepEqual([nightly.runs(), other.runs()], [1, 1]);
  nightly.hold(false);
  await scheduled(hostd, 'nightly', 'its run to have ended', ended(1));
  assert.match(
    await statusOf(hostd, 'nightly'),
    /^0 nightly +EXITED +next run 2026-06-03 03:00:00; last run 2026-06-01 03:00:0\d, ended well after /,
  );

  nightly.exitsWith(3);
  await clock.set(hostd, june(3, 3));
  const failed = await scheduled(hostd, 'nightly', 'its run to have failed', ended(3));
  assert.equal(failed.schedule?.last?.result, 'failed');
  assert.equal(failed.schedule?.next, june(4, 3).getTime() / 1000);
  assert.match(
    await statusOf(hostd, 'all'),
    /^3 nightly +EXITED +last run failed 2026-06-03 .*: exit status 3 after .*; next run 2026-06-04 03:00:00\n/,
  );
  await logged(hostd, /nightly: its run of 2026-06-03 03:00:0\d failed: exit status 3/);

  const { stdout: events } = await hostd.hostctl('events', 'nightly');
  assert.match(events, /STARTING +schedule 0 3 \* \* \*\n/);
  assert.match(events, /run failed +exit status 3 after 0:00:00\n/);

  // Back by an hour, and three o'clock comes again: it has had its run. Then hours are leapt over.
  await clock.set(hostd, june(3, 2, 30));
  await clock.set(hostd, june(3, 3, 0, 30));
  await clock.set(hostd, june(4, 9));
  await logged(
    hostd,
    /nightly has missed its run of 2026-06-04 03:00:00: hostd was not there, or the clock was set/,
  );
  await until('the other to have made up for its run', () => other.runs() === 3);
  assert.equal(nightly.runs(), 2);

  // By hand; stopped, it stays so until somebody starts it.
  nightly.exitsWith(0);
  const start = await hostd.hostctl('start', 'nightly');
  assert.equal(start.code, 0, start.stderr);
  await until('the run that was asked for', () => nightly.runs() === 3);
  const stop = await hostd.hostctl('stop', 'all');
  assert.match(stop.stdout, /^nightly: stopped; not run by its schedule until: hostctl start nightly$/m);
  assert.match(
    await statusOf(hostd, 'nightly'),
    /^3 nightly .*; not run by its schedule until: hostctl start nightly\n$/,
  );
  await clock.set(hostd, june(5, 3));
  assert.match((await hostd.hostctl('start', 'all')).stdout, /^nightly: is run at its times again$/m);
  assert.match(
    (await hostd.hostctl('start', 'all')).stdout,
    /^nightly: is run at its times; now: hostctl start nightly$/m,
  );
  assert.match((await hostd.hostctl('restart', 'all')).stdout, /^nightly: is run at its times; now/m);
  assert.match(await statusOf(hostd, 'all'), /^0 /);
  await clock.set(hostd, june(6, 3));
  await until('its next time', () => nightly.runs() === 4);
  assert.equal(other.runs(), 4);
  // The next hostd goes on with both.
  assert.match((await hostd.hostctl('shutdown')).stdout, /^nightly: stopped$/m);
});

test('an upgrade of hostd takes a run over and starts no second one', async t => {
  const place = makePlace(t);
  const nightly = script(place, 'nightly');
  const keys = { command: nightly.command, schedule: '0 3 1 1 *' };
  const hostd = await startHostd(place, withJobs(place, { nightly: keys }));
  nightly.hold(true);
  const start = hostd.hostctl('start', 'nightly');
  const { pid } = await hostd.state('nightly', 'RUNNING');
  await start;
  const { code, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 0, stderr);
  assert.equal((await hostd.state('nightly', 'RUNNING')).pid, pid);
  nightly.hold(false);
  await scheduled(hostd, 'nightly', 'its run to have ended', ({ schedule }) => schedule?.last != null);
  assert.equal(nightly.runs(), 1);
});

test('a run outlives hostd, and what was missed meanwhile is made up for once, or said', async t => {
  const place = makePlace(t);
  const nightly = script(place, 'nightly');
  const catching = script(place, 'catching');
  const options = withJobs(place, {
    nightly: { command: nightly.command, schedule: '0 3 * * *' },
    catching: { command: catching.command, schedule: '30 3 * * *', catch_up: true },
  });
  const { hostd, clock } = await startClocked(place, june(1, 2), options);
  nightly.hold(true);
  await clock.set(hostd, june(1, 3));
  const { pid } = await hostd.state('nightly', 'RUNNING');
  await hostd.kill9();
  // Adopted while it runs: its time that comes meanwhile is no second run.
  const second = await hostd.again();
  assert.equal((await second.state('nightly', 'RUNNING')).pid, pid);
  await second.kill9();
  nightly.hold(false);
  await until('the run to end', () => {
    try {
      process.kill(pid ?? 0, 0);
      return false;
    } catch {
      return true;
    }
  });
  clock.prepare(june(4, 1));
  const third = await second.again();
  const after = await scheduled(
    third,
    'nightly',
    'what is known of its run',
    ({ schedule }) => schedule?.last != null,
  );
  assert.equal(after.schedule?.last?.result, 'unknown');
  assert.match(await statusOf(third, 'nightly'), /^0 .*result unknown: it ended while no hostd was there\n$/);
  await logged(
    third,
    /nightly has missed its run of 2026-06-02 03:00:00, and later ones: hostd was not there/,
  );
  await scheduled(third, 'catching', 'its run', ({ schedule }) => schedule?.last?.result === 'ok');
  assert.equal(await third.stop(), 0);
  // In time: it was only a restart.
  clock.prepare(june(4, 3, 1));
  const fourth = await third.again();
  await until('the run that is late by a minute', () => nightly.runs() === 2);
  assert.equal(catching.runs(), 1);
  assert.equal(await fourth.stop(), 0);
});

test('a schedule and its program may change while it runs', async t => {
  const place = makePlace(t);
  const first = script(place, 'first');
  const then = script(place, 'then');
  const usual = { command: first.command, schedule: '0 3 * * *' };
  const { hostd, clock } = await startClocked(place, june(1, 2), withJobs(place, { job: usual }));
  const update = async (programs: Parameters<typeof jobs>[0]) => {
    place.write('etc/apps.d/jobs.toml', jobs(programs));
    const { stdout, stderr, code } = await hostd.hostctl('update');
    assert.equal(code, 0, stderr);
    return stdout;
  };
  first.hold(true);
  await clock.set(hostd, june(1, 3));
  const { pid } = await hostd.state('job', 'RUNNING');
  const changed = { ...usual, command: then.command, schedule: '0 4 * * *' };
  assert.match(await update({ job: changed }), /^job: updated, for its next run \(command, schedule\)$/m);
  assert.equal((await hostd.state('job', 'RUNNING')).pid, pid);
  // Longer than it may take, it is stopped, and has failed.
  assert.match(
    await update({ job: { ...changed, time_limit: '1s' } }),
    /^job: updated, not restarted \(time_limit\)$/m,
  );
  const late = await scheduled(
    hostd,
    'job',
    'its run to have ended',
    ({ schedule }) => schedule?.last != null,
  );
  assert.deepEqual([late.state, late.schedule?.last?.result], ['EXITED', 'failed']);
  assert.match(await statusOf(hostd, 'job'), /^3 .*stopped at its time limit \(ended by SIGTERM\)/);
  then.hold(true);
  await clock.set(hostd, june(1, 4));
  await hostd.state('job', 'RUNNING');
  await until('the run at four', () => then.runs() === 1);
  // Without a schedule it is to be up; with one again it is not; without its table it is stopped.
  assert.match(await update({ job: { command: then.command } }), /^job: updated \(schedule/m);
  await until('a run that is to stay', () => then.runs() === 2);
  await hostd.state('job', 'RUNNING');
  assert.match(await update({ job: changed }), /^job: updated \(/m);
  assert.match(await statusOf(hostd, 'job'), /^0 job +STOPPED +next run 2026-06-02 04:00:00/);
  await clock.set(hostd, june(2, 4));
  await hostd.state('job', 'RUNNING');
  assert.match(await update({}), /^job: stopped\njob: removed$/m);
  assert.deepEqual(await hostd.status(), []);
});

test("Django's clearsessions runs as the app's user in its environment", {
  skip: needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await djangoApp(place, 'hello', { account });
  const python = `${app.root}/bin/python`;
  const program = {
    sessions: { command: `${python} manage.py clearsessions`, schedule: '@daily', timezone: 'Europe/Berlin' },
    who: { command: 'sh -c "id -un; echo $DJANGO_SETTINGS_MODULE; exit 7"', schedule: '@hourly' },
  };
  const hostd = await startHostd(place, { apps: [{ ...app, table: { ...app.table, program } }] });
  await hostd.state('hello', 'RUNNING');
  const started = await hostd.hostctl('start', 'hello:sessions');
  assert.equal(started.code, 0, started.stderr);
  const done = await scheduled(hostd, 'hello:sessions', 'its run', ({ schedule }) => schedule?.last != null);
  assert.equal(done.schedule?.last?.result, 'ok', (await hostd.hostctl('logs', 'hello:sessions')).stdout);
  assert.match(await statusOf(hostd, 'hello:*'), /^0 /);
  await hostd.hostctl('start', 'hello:who');
  await scheduled(hostd, 'hello:who', 'its run', ({ schedule }) => schedule?.last?.result === 'failed');
  const { stdout: said } = await hostd.hostctl('logs', 'hello:who');
  assert.equal(said, `${account.name}\nhello.settings\n`);
  const reload = await hostd.hostctl('reload', 'hello:*');
  assert.equal(reload.code, 0, reload.stderr);
  assert.match(reload.stdout, /^hello:sessions: nothing to reload: its next run has the new code$/m);
});
