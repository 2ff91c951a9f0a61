import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Effect, type Event, initial, isHopeless, type Policy, type State, step } from './process.ts';

const supervisor: Policy = {
  autorestart: 'unexpected',
  exitcodes: [0],
  startretries: 3,
  readiness: 'startsecs',
  startsecs: 1000,
  stopsignal: 'SIGTERM',
  stopwait: 10_000,
};
const forApps: Policy = { ...supervisor, autorestart: 'always', startretries: null };

const ok = { code: 0, signal: null };
const bad = { code: 3, signal: null };
const killed = { code: null, signal: 'SIGKILL' };

const exited = (run: number, how: typeof ok | typeof killed, at: number): Event => ({
  kind: 'exited',
  run,
  how,
  at,
  random: 0,
});
const timer = (run: number, name: 'startsecs' | 'retry' | 'kill', at: number): Event => ({
  kind: 'timer',
  run,
  timer: name,
  at,
});

const spawned = (run: number, at: number): Event => ({ kind: 'spawned', run, at });

/** Stands for the run that is present when the event comes. */
const present = -1;

function take(policy: Policy, state: State, event: Event) {
  return step(policy, state, 'run' in event && event.run === present ? { ...event, run: state.run } : event);
}

/** The last state, and all effects, of a list of events. */
function play(policy: Policy, events: readonly Event[], from: State = initial) {
  let state = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = take(policy, state, event);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

test('a start spawns run 1, and it is RUNNING once it has stayed up for startsecs', () => {
  const started = play(supervisor, [{ kind: 'start', at: 0 }, spawned(1, 0)]);
  assert.deepEqual(started, {
    state: { kind: 'starting', run: 1, tries: 0, since: 0 },
    effects: [
      { kind: 'spawn', run: 1 },
      { kind: 'timer', run: 1, timer: 'startsecs', ms: 1000 },
    ],
  });
  const running = play(supervisor, [timer(1, 'startsecs', 1000)], started.state);
  assert.deepEqual(running.state, { kind: 'running', run: 1, tries: 0, since: 1000 });
});

test('an exit before startsecs is a failed start whatever the code, and is tried again after 1, 2, 3 seconds, then given up', () => {
  let state: State = initial;
  const delays: number[] = [];
  let at = 0;
  state = step(supervisor, state, { kind: 'start', at }).state;
  while (state.kind !== 'fatal') {
    const next: { state: State; effects: readonly Effect[] } = step(
      supervisor,
      state,
      exited(state.run, ok, at + 10),
    );
    state = next.state;
    const [effect] = next.effects;
    if (effect?.kind === 'timer') {
      delays.push(effect.ms);
      at += effect.ms + 10;
      state = step(supervisor, state, timer(state.run, 'retry', at)).state;
    }
  }
  assert.deepEqual(delays, [1000, 2000, 3000]);
  assert.deepEqual(state, { kind: 'fatal', run: 4, why: 'exited too quickly' });
});

test('startretries = 0 is one try', () => {
  const { state } = play({ ...supervisor, startretries: 0 }, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    exited(1, bad, 5),
  ]);
  assert.equal(state.kind, 'fatal');
});

test('a running program that ends unexpectedly is started again at once', () => {
  const { state, effects } = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    timer(1, 'startsecs', 1000),
    exited(1, killed, 5000),
  ]);
  assert.deepEqual(state, { kind: 'starting', run: 2, tries: 0, since: null });
  assert.deepEqual(effects.slice(2), [{ kind: 'spawn', run: 2 }]);
});

test('an expected exit code of a running program means EXITED under autorestart = unexpected', () => {
  const { state } = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    timer(1, 'startsecs', 1000),
    exited(1, ok, 5000),
  ]);
  assert.deepEqual(state, { kind: 'exited', run: 1, how: ok });
});

test('an exit after startsecs counts as one of a running program even if the timer has not said so yet', () => {
  const { state } = play(supervisor, [{ kind: 'start', at: 0 }, spawned(1, 0), exited(1, ok, 1001)]);
  assert.deepEqual(state, { kind: 'exited', run: 1, how: ok });
});

test('startsecs = 0: a program that ends at once with an expected code has EXITED', () => {
  const { state } = play({ ...supervisor, startsecs: 0 }, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    exited(1, ok, 0),
  ]);
  assert.equal(state.kind, 'exited');
});

test('an app that keeps crashing is retried for ever, with delays that double up to half a minute', () => {
  let state: State = step(forApps, initial, { kind: 'start', at: 0 }).state;
  const delays: number[] = [];
  let at = 0;
  for (let crash = 0; crash < 14; crash++) {
    const next = step(forApps, state, exited(state.run, bad, at + 5));
    const [effect] = next.effects;
    assert.ok(effect?.kind === 'timer');
    delays.push(effect.ms);
    at += 5 + effect.ms;
    state = step(forApps, next.state, timer(next.state.run, 'retry', at)).state;
  }
  assert.deepEqual(delays.slice(0, 5), [100, 200, 400, 800, 1600]);
  assert.deepEqual(delays.slice(-3), [30_000, 30_000, 30_000]);
});

test('an app that crashes for the first time after good running is back at once', () => {
  const { state } = play(forApps, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    timer(1, 'startsecs', 1000),
    exited(1, killed, 60_000),
  ]);
  assert.deepEqual(state, { kind: 'starting', run: 2, tries: 1, since: null });
});

test('an app that crashes every two seconds is slowed down, and forgiven after ten good ones', () => {
  const crash = (run: number, at: number) => [
    timer(run, 'startsecs', at + 1000),
    exited(run, killed, at + 2000),
  ];
  const first = play(forApps, [{ kind: 'start', at: 0 }, spawned(1, 0), ...crash(1, 0)]);
  assert.equal(first.state.kind, 'starting');
  const second = play(forApps, crash(2, 2000), first.state);
  assert.equal(second.state.kind, 'backoff');
  const third = play(
    forApps,
    [timer(2, 'retry', 5000), timer(3, 'startsecs', 6000), exited(3, killed, 16_000)],
    second.state,
  );
  assert.deepEqual(third.state, { kind: 'starting', run: 4, tries: 1, since: null });
});

test('stop while backing off cancels the retry', () => {
  const { state, effects } = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    exited(1, bad, 5),
    { kind: 'stop', at: 10 },
    timer(1, 'retry', 1005),
  ]);
  assert.deepEqual(state, { kind: 'stopped', run: 1 });
  assert.equal(effects.filter(effect => effect.kind === 'spawn').length, 1);
});

test('start while backing off tries at once and counts from the beginning', () => {
  const { state } = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    exited(1, bad, 5),
    { kind: 'start', at: 10 },
  ]);
  assert.deepEqual(state, { kind: 'starting', run: 2, tries: 0, since: null });
});

test('a program that ignores the stop signal is killed after stopwaitsecs, and again', () => {
  const { state, effects } = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    timer(1, 'startsecs', 1000),
    { kind: 'stop', at: 2000 },
    timer(1, 'kill', 12_000),
  ]);
  assert.equal(state.kind, 'stopping');
  assert.deepEqual(effects.slice(2), [
    { kind: 'signal', run: 1, signal: 'SIGTERM' },
    { kind: 'timer', run: 1, timer: 'kill', ms: 10_000 },
    { kind: 'kill', run: 1 },
    { kind: 'timer', run: 1, timer: 'kill', ms: 10_000 },
  ]);
});

test('restart stops, then starts; a stop in between wins', () => {
  const running = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    timer(1, 'startsecs', 1000),
  ]).state;
  const restarting = play(supervisor, [{ kind: 'restart', at: 2000 }], running).state;
  assert.equal(play(supervisor, [exited(1, ok, 2100)], restarting).state.kind, 'starting');
  assert.equal(
    play(supervisor, [{ kind: 'stop', at: 2050 }, exited(1, ok, 2100)], restarting).state.kind,
    'stopped',
  );
});

test('what a program requires is waited for before its spawn, and that time does not count as its own', () => {
  const { state } = play(supervisor, [{ kind: 'start', at: 0 }, spawned(1, 60_000), exited(1, bad, 60_010)]);
  assert.equal(state.kind, 'backoff');
});

test('a program that has to say that it is ready is STARTING until it does', () => {
  const policy: Policy = { ...supervisor, readiness: 'notified' };
  const waiting = play(policy, [{ kind: 'start', at: 0 }]);
  assert.deepEqual(waiting.effects, [{ kind: 'spawn', run: 1 }]);
  assert.equal(play(policy, [{ kind: 'ready', run: 1, at: 50 }], waiting.state).state.kind, 'running');
  assert.equal(play(policy, [exited(1, ok, 60_000)], waiting.state).state.kind, 'backoff');
});

test('a command that cannot be run is a failed start with its reason', () => {
  const why = 'cannot find command "nope"';
  const { state } = play(supervisor, [
    { kind: 'start', at: 0 },
    spawned(1, 0),
    { kind: 'spawn-failed', run: 1, why, at: 1, random: 0 },
  ]);
  assert.deepEqual(state, { kind: 'backoff', run: 1, tries: 1, why, until: 1001 });
});

// ---- properties over random event lists ----

const run = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 4, arbitrary: fc.constant(present) },
);
const someEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constantFrom('start', 'stop', 'restart'), at: fc.constant(0) }),
  fc.record({ kind: fc.constantFrom('ready', 'spawned'), run, at: fc.constant(0) }),
  fc.record({
    kind: fc.constant('exited'),
    run,
    how: fc.constantFrom(ok, bad, killed),
    at: fc.constant(0),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('spawn-failed'),
    run,
    why: fc.constant('x'),
    at: fc.constant(0),
    random: fc.constant(0),
  }),
  fc.record({
    kind: fc.constant('timer'),
    run,
    timer: fc.constantFrom('startsecs', 'retry', 'kill'),
    at: fc.constant(0),
  }),
) as fc.Arbitrary<Event>;
const events = fc
  .array(fc.tuple(someEvent, fc.integer({ min: 0, max: 3000 })), { maxLength: 60 })
  .map(list => {
    let at = 0;
    return list.map(([event, gap]) => {
      at += gap;
      return { ...event, at };
    });
  });
const policies: fc.Arbitrary<Policy> = fc.record({
  autorestart: fc.constantFrom('never', 'unexpected', 'always'),
  exitcodes: fc.constantFrom([], [0], [0, 3]),
  startretries: fc.constantFrom(null, 0, 1, 3),
  readiness: fc.constantFrom('startsecs', 'notified'),
  startsecs: fc.constantFrom(0, 1000),
  stopsignal: fc.constant('SIGTERM'),
  stopwait: fc.constantFrom(0, 10_000),
});

/** Whether the state's run may have a process, as far as the events tell. */
function alive(state: State): boolean {
  return state.kind === 'starting' || state.kind === 'running' || state.kind === 'stopping';
}

test('no run is spawned before the last one has ended, and runs are numbered one by one', () => {
  fc.assert(
    fc.property(policies, events, (policy, list) => {
      let state = initial;
      for (const event of list) {
        const next = take(policy, state, event);
        for (const effect of next.effects) {
          if (effect.kind !== 'spawn') continue;
          assert.equal(effect.run, state.run + 1);
          const ended = event.kind === 'exited' || event.kind === 'spawn-failed';
          assert.ok(!alive(state) || ended, `${state.kind} + ${event.kind}`);
        }
        state = next.state;
      }
    }),
  );
});

test('news of another run changes nothing', () => {
  fc.assert(
    fc.property(policies, events, someEvent, (policy, list, late) => {
      const { state } = play(policy, list);
      if (!('run' in late) || late.run === state.run || late.run === present) return;
      assert.deepEqual(step(policy, state, late), { state, effects: [] });
    }),
  );
});

test('when the run has ended, or never became the program, nothing of it is left in the state', () => {
  const ends: fc.Arbitrary<Event> = someEvent.filter(
    ({ kind }) => kind === 'exited' || kind === 'spawn-failed',
  );
  fc.assert(
    fc.property(policies, events, ends, (policy, list, end) => {
      const { state } = play(policy, list);
      const after = step(policy, state, { ...end, run: state.run, at: 1e9 } as Event).state;
      assert.ok(!alive(after) || after.run === state.run + 1, `${state.kind} + ${end.kind} = ${after.kind}`);
    }),
  );
});

test('stop, followed by the exit of what runs, leaves it down whatever came before', () => {
  fc.assert(
    fc.property(policies, events, (policy, list) => {
      const before = play(policy, list).state;
      const stopping = step(policy, before, { kind: 'stop', at: 1e9 }).state;
      const { state, effects } = play(policy, [exited(stopping.run, ok, 1e9 + 1)], stopping);
      assert.ok(['stopped', 'exited', 'fatal'].includes(state.kind), state.kind);
      assert.deepEqual(effects, []);
    }),
  );
});

test('every delay is positive and at most the longest one', () => {
  fc.assert(
    fc.property(policies, events, (policy, list) => {
      for (const effect of play(policy, list).effects) {
        if (effect.kind === 'timer' && effect.timer === 'retry')
          assert.ok(effect.ms > 0 && effect.ms <= 30_000);
      }
    }),
  );
});

test('a program that all others wait for is tried again sooner', () => {
  const policy: Policy = { ...forApps, longestDelay: 800 };
  let state: State = step(policy, initial, { kind: 'start', at: 0 }).state;
  const delays: number[] = [];
  for (let crash = 0; crash < 8; crash++) {
    const next = step(policy, state, exited(state.run, bad, 5));
    const [effect] = next.effects;
    assert.ok(effect?.kind === 'timer');
    delays.push(effect.ms);
    state = step(policy, next.state, timer(next.state.run, 'retry', 6)).state;
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 800, 800, 800, 800]);
});

test('visitors wait for a try that is near, and are told of one that is far away', () => {
  const backoff = { kind: 'backoff', run: 1, tries: 3, why: 'exited too quickly', until: 10_000 } as const;
  assert.equal(isHopeless(backoff, 8500), false);
  assert.equal(isHopeless(backoff, 7000), true);
  assert.equal(isHopeless({ kind: 'starting', run: 2, tries: 3, since: 0 }, 60_000), false);
});
