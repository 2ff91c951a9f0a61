import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from './process.ts';
import {
  describe,
  follow,
  longestSpread,
  type Memory,
  mostRepeat,
  nextTime,
  resultOf,
  stepOf,
  tolerance,
  unseen,
  verdict,
} from './schedule.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Every whole hour. */
const hourly = (after: number) => (Math.floor(after / hour) + 1) * hour;
const memory: Memory = { rule: 'hourly', upTo: 10 * hour, begun: null, last: null };

test('a new schedule has missed nothing, and neither has one that was stopped', () => {
  assert.deepEqual(follow(null, 'hourly', true, 5), { rule: 'hourly', upTo: 5, begun: null, last: null });
  assert.equal(follow(memory, 'hourly', true, 99 * hour), memory);
  assert.equal(follow(memory, 'daily', true, 99 * hour).upTo, 99 * hour);
  const stopped = follow(memory, 'hourly', false, 11 * hour);
  assert.equal(stopped.upTo, null);
  assert.equal(nextTime(stopped, hourly, 11 * hour), null);
  assert.equal(follow(stopped, 'hourly', false, 12 * hour), stopped);
  assert.equal(follow(stopped, 'hourly', true, 20 * hour).upTo, 20 * hour);
});

test('a time that has passed is run if it is late by little, or is made up for; else it is missed', () => {
  assert.equal(nextTime(memory, hourly, 10 * hour), 11 * hour);
  // However many have passed, the next one is the first of them.
  assert.equal(nextTime(memory, hourly, 50 * hour), 11 * hour);
  assert.equal(verdict(11 * hour, 11 * hour + tolerance, false), 'run');
  assert.equal(verdict(11 * hour, 11 * hour + tolerance + 1, false), 'missed');
  assert.equal(verdict(11 * hour, 50 * hour, true), 'run');
});

test('a clock that is put back repeats no time, unless it was wrong by hours', () => {
  assert.equal(nextTime(memory, hourly, 10 * hour - mostRepeat), 11 * hour);
  assert.equal(nextTime(memory, hourly, 10 * hour - mostRepeat - 1), 7 * hour);
});

test('whatever the clock does, no time is run twice but after it was put back by hours, and none is forgotten', () => {
  const jump = fc.oneof(fc.integer({ min: -mostRepeat, max: 0 }), fc.integer({ min: 0, max: 6 * hour }));
  fc.assert(
    fc.property(fc.array(jump, { maxLength: 40 }), fc.boolean(), (jumps, catchUp) => {
      let now = 100 * hour;
      let known = follow(null, 'hourly', true, now);
      const dealt: number[] = [];
      for (const by of jumps) {
        // Any further back, and the clock was wrong before.
        now = Math.max(now + by, (known.upTo ?? 0) - mostRepeat);
        const due = nextTime(known, hourly, now);
        if (due === null || due > now) continue;
        verdict(due, now, catchUp);
        dealt.push(due);
        known = { ...known, upTo: now };
      }
      assert.deepEqual(
        dealt,
        [...new Set(dealt)].sort((a, b) => a - b),
      );
      const next = nextTime(known, hourly, now);
      assert.ok(next !== null && next > (known.upTo ?? 0) && next - (known.upTo ?? 0) <= hour);
    }),
  );
});

test('a run is judged by how it ended', () => {
  const by = { exitcodes: [0, 3], overdue: false };
  const exited = (code: number | null, signal: string | null): State => ({
    kind: 'exited',
    run: 1,
    how: { code, signal },
  });
  const judged = (state: State, overdue = false) => {
    const { result, why } = resultOf(state, 1000, 5000, { ...by, overdue });
    return `${result}: ${why}`;
  };
  assert.equal(judged(exited(0, null)), 'ok: exit status 0');
  assert.equal(judged(exited(3, null)), 'ok: exit status 3');
  assert.equal(judged(exited(1, null)), 'failed: exit status 1');
  assert.equal(judged(exited(null, 'SIGKILL')), 'failed: ended by SIGKILL');
  assert.equal(judged(exited(null, null)), 'unknown: nobody could see how it ended');
  assert.equal(judged(exited(0, null), true), 'failed: stopped at its time limit (exit status 0)');
  assert.equal(judged({ kind: 'stopped', run: 1 }), 'stopped: stopped');
  assert.equal(judged({ kind: 'fatal', run: 1, why: 'no such file' }), 'failed: cannot start: no such file');
});

test('runs of one minute begin within half a minute', () => {
  assert.deepEqual([1, 2, 30].map(stepOf), [1000, 1000, 1000]);
  assert.equal(stepOf(300) * 300, longestSpread);
});

test('status says what comes next, and first of all what went wrong', () => {
  const time = (at: number) => `T${at}`;
  const ok = { result: 'ok', began: 1000, ended: 13_000, why: 'exit status 0' } as const;
  const failed = { ...ok, result: 'failed', why: 'exit status 1' } as const;
  assert.equal(describe({ name: 'x', state: 'waits', next: 9, last: null }, time), 'next run T9');
  assert.equal(
    describe({ name: 'x', state: 'waits', next: 9, last: ok }, time),
    'next run T9; last run T1000, ended well after 0:00:12',
  );
  assert.equal(
    describe({ name: 'x', state: 'waits', next: 9, last: failed }, time),
    'last run failed T1000: exit status 1 after 0:00:12; next run T9',
  );
  assert.equal(
    describe({ name: 'x', state: 'waits', next: 9, last: unseen(1000) }, time),
    'next run T9; last run T1000, result unknown: it ended while no hostd was there',
  );
  assert.equal(describe({ name: 'x', state: 'runs', next: 9, last: ok }, time), '');
  assert.equal(
    describe({ name: 'x', state: 'runs', next: 9, last: failed }, time),
    'last run failed T1000: exit status 1 after 0:00:12',
  );
  assert.equal(
    describe({ name: 'x', state: 'stopped', next: null, last: ok }, time),
    'not run by its schedule until: hostctl start x',
  );
});
