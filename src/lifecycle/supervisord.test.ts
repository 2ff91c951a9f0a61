// A program under Supervisor's rules: EXITED before it is started again, and never faster than supervisord's turns.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Policy, type State, step } from './process.ts';

const policy: Policy = {
  autorestart: 'unexpected',
  exitcodes: [0],
  startretries: 3,
  readiness: 'startsecs',
  startsecs: 0,
  stopsignal: 'SIGTERM',
  stopwait: 10_000,
  supervisord: true,
};
const running: State = { kind: 'running', run: 4, tries: 0, since: 1000 };
const exit = (code: number, at: number) =>
  ({ kind: 'exited', run: 4, how: { code, signal: null }, at, random: 0 }) as const;

test('an unexpected exit is EXITED at first, then started again', () => {
  const { state, effects } = step(policy, running, exit(3, 1100));
  assert.equal(state.kind, 'exited');
  assert.deepEqual(effects, [{ kind: 'timer', run: 4, timer: 'retry', ms: 650 }]);
  const next = step(policy, state, { kind: 'timer', run: 4, timer: 'retry', at: 1750 });
  assert.equal(next.state.kind, 'starting');
});

test('one that has run for long is started again at once', () => {
  const { effects } = step(policy, running, exit(3, 90_000));
  assert.deepEqual(effects, [{ kind: 'timer', run: 4, timer: 'retry', ms: 0 }]);
});

test('an expected exit stays EXITED, and so does one that is not wanted any more', () => {
  assert.deepEqual(step(policy, running, exit(0, 1100)).effects, []);
  const { state } = step(policy, running, exit(3, 1100));
  const timer = { kind: 'timer', run: 4, timer: 'retry', at: 1750 } as const;
  assert.equal(step({ ...policy, autorestart: 'never' }, state, timer).state.kind, 'exited');
});

test('the count of failed starts goes on after a stop between two of them', () => {
  const backoff: State = { kind: 'backoff', run: 4, tries: 2, why: '', until: 2100 };
  const { state } = step(policy, backoff, { kind: 'stop', at: 1200 });
  assert.deepEqual(state, { kind: 'stopped', run: 4, tries: 2 });
  const again = step(policy, state, { kind: 'start', at: 1300 });
  assert.deepEqual(again.state, { kind: 'starting', run: 5, tries: 2, since: null });
  const { supervisord: _, ...own } = policy;
  assert.deepEqual(step(own, backoff, { kind: 'stop', at: 1200 }).state, { kind: 'stopped', run: 4 });
});

test('a start that fails is told in the words of Supervisor', () => {
  const starting: State = { kind: 'starting', run: 4, tries: 0, since: 1000 };
  const { state } = step({ ...policy, startsecs: 1000 }, starting, exit(0, 1100));
  assert.deepEqual(state, {
    kind: 'backoff',
    run: 4,
    tries: 1,
    why: 'Exited too quickly (process log may have details)',
    until: 2100,
  });
});
