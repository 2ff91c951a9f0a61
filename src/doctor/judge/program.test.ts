import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramStatus } from '../../protocol/control.ts';
import type { JournalEvent } from '../../protocol/journal.ts';
import { judgeChanges, judgeProgram } from './program.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const running: ProgramStatus = {
  name: 'hello',
  app: 'hello',
  group: 'hello',
  state: 'RUNNING',
  statecode: 20,
  pid: 12,
  uptime_seconds: 100,
  exitstatus: null,
  spawnerr: '',
  description: 'pid 12, uptime 0:01:40',
  run: 1,
  started: now / 1000 - 100,
  stopped: null,
  idle_since: null,
  reload_seconds: null,
  site: null,
  schedule: null,
};
const event = (kind: string, secondsAgo: number, more: object = {}) =>
  ({
    seq: 1,
    time: new Date(now - secondsAgo * 1000).toISOString(),
    kind,
    name: 'hello',
    cause: '',
    severity: 'info',
    ...more,
  }) as JournalEvent;
const judge = (
  change: Partial<ProgramStatus>,
  events: readonly JournalEvent[] = [],
  error: string | null = null,
) => {
  const status = { ...running, ...change };
  const { findings } = judgeProgram({
    name: 'hello',
    status,
    events,
    error: error === null ? null : { text: error, at: null },
    now,
  });
  return findings.map(({ severity, message, hint }) => `${severity}: ${message}; ${hint}`);
};

test('a program that runs, sleeps, or waits for its time is well', () => {
  assert.deepEqual(judge({}), []);
  assert.deepEqual(judge({ state: 'STOPPED', idle_since: 5 }), []);
  const schedule = { next: 5, last: { result: 'ok' as const, why: '', started: 1, seconds: 1 } };
  assert.deepEqual(judge({ state: 'STOPPED', schedule }), []);
  assert.deepEqual(
    judge({
      state: 'EXITED',
      schedule: { ...schedule, last: { ...schedule.last, result: 'failed', why: 'exit status 1' } },
    }),
    ['warning: hello failed at its last run: exit status 1; hostctl logs hello, then: hostctl start hello'],
  );
});

test('one that gave up is told with its reason and the last error in its log', () => {
  assert.deepEqual(
    judge(
      { state: 'FATAL', description: 'exited too quickly' },
      [],
      "ModuleNotFoundError: No module named 'x'",
    ),
    [
      "error: hello is FATAL: exited too quickly; last in its log: ModuleNotFoundError: No module named 'x'; hostctl logs hello, and when it is mended: hostctl start hello",
    ],
  );
  assert.match(
    judge({ state: 'BACKOFF', description: 'next try in 4 s' })[0] ?? '',
    /^error: hello is BACKOFF: .*; hostctl logs hello$/,
  );
});

test('one that was stopped says who did it and when, as far as that is kept', () => {
  const stopped = { state: 'STOPPED' as const, stopped: now / 1000 - 300 };
  assert.deepEqual(judge(stopped, [event('stopping', 301, { by: 'anna' })]), [
    'error: hello is stopped by anna, 5 min ago; hostctl start hello',
  ]);
  assert.deepEqual(judge(stopped, [event('stopping', 9000, { by: 'bert' })]), [
    'error: hello is stopped, 5 min ago; hostctl start hello',
  ]);
  assert.match(judge({ state: 'STOPPED' })[0] ?? '', /was not started: autostart = false/);
});

test('one that starts is a fault when it takes long, or has failed before', () => {
  const starting = (secondsAgo: number, exitstatus: number | null = null) =>
    judge({
      state: 'STARTING',
      description: 'waits for db',
      started: now / 1000 - secondsAgo,
      exitstatus,
    })[0] ?? '';
  assert.match(starting(5), /^warning: hello is still starting: waits for db; hostctl logs hello$/);
  assert.match(starting(90), /^error: hello is still starting, for 90 s: waits for db;/);
  assert.match(starting(5, 3), /^error: hello is still starting, and has failed before: waits for db;/);
});

test('one that keeps dying is told, unless somebody has started it since', () => {
  const deaths = [
    event('backoff', 130, { cause: 'exit status 3', repeated: 4 }),
    event('backoff', 110, { cause: 'exit status 3' }),
  ];
  assert.match(
    judge({}, deaths)[0] ?? '',
    /^warning: hello has ended 6 times within an hour, the last time 110 s ago: exit status 3/,
  );
  assert.deepEqual(judge({ started: now / 1000 + 200 }, deaths), []);
  assert.deepEqual(judge({}, deaths.slice(1)), []);
});

test('a refused reload is told until the next one', () => {
  const refused = event('reload-refused', 50, { cause: 'the new one answers / with HTTP 500' });
  assert.match(judge({}, [refused])[0] ?? '', /^warning: its last reload was refused.*HTTP 500/);
  assert.deepEqual(judge({}, [refused, event('reloaded', 40)]), []);
});

test('what hostd does not know is to be updated', () => {
  const { findings } = judgeProgram({ name: 'hello', status: null, events: [], error: null, now });
  assert.equal(findings[0]?.hint, 'hostctl update');
  const changes = [{ name: 'hello', change: 'changed' as const, keys: ['workers'] }];
  assert.match(
    judgeChanges({ name: 'hello' }, changes).findings[0]?.message ?? '',
    /not in force \(workers\)$/,
  );
  assert.deepEqual(judgeChanges({ name: 'other' }, changes).findings, []);
});
