import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { advance } from './advance.ts';
import { isDown, type Policy } from './process.ts';
import {
  type Effect,
  type Event,
  emptyService,
  generationsOf,
  mostGenerations,
  type Outcome,
  type Rules,
  type Service,
} from './service.ts';

const policy: Policy = {
  autorestart: 'always',
  exitcodes: [0],
  startretries: null,
  readiness: 'notified',
  startsecs: 1000,
  stopsignal: 'SIGTERM',
  stopwait: 10_000,
};
const next: Policy = { ...policy, autorestart: 'never', startretries: 0 };

interface Made {
  readonly rules: Rules;
  readonly mark: number;
}

const made = (mark: number, patient: boolean, overlaps = false): Made => ({
  mark,
  rules: {
    current: policy,
    next,
    old: patient ? { ...policy, stopsignal: 'SIGQUIT', stopwait: 86_400_000 } : policy,
    patient,
    overlaps,
    longestHandOver: 120_000,
    longestStart: 60_000,
  },
});

const killed = { code: null, signal: 'SIGKILL' } as const;

/** A machine for one service: its processes and timers, and the answers to its commands. */
class World {
  service: Service<Made> = emptyService();
  at = 0;
  readonly patient: boolean;
  readonly overlaps: boolean;
  /** Runs that have not ended: their generation, whether they are spawned, and what they were told. */
  readonly runs = new Map<number, { generation: number; spawned: boolean; told: boolean; since: number }>();
  readonly spawnedRuns = new Set<number>();
  readonly timers = new Map<number, Extract<Effect, { kind: 'timer' }>>();
  readonly ready = new Set<number>();
  readonly asked = new Map<number, { kind: string; mark: number; step: number; workers: number }>();
  readonly outcomes = new Map<number, Outcome>();
  /** Orders about the number of workers that a run has not answered yet. */
  readonly scaling = new Map<number, Extract<Effect, { kind: 'scale' }>>();
  /** The number of workers of each run in which it was changed. */
  readonly workers = new Map<number, number>();
  /** Each command, in order. */
  readonly words: { word: string; step: number }[] = [];
  step = 0;
  jobs = 0;
  marks = 0;
  /** Whether the last command wants it up; null: there was none. */
  wanted: 'up' | 'down' = 'down';

  constructor(patient: boolean, overlaps: boolean) {
    this.overlaps = overlaps;
    this.patient = patient;
  }

  send(event: Event<Made>): void {
    this.step += 1;
    const { service, effects } = advance(this.service, event);
    this.service = service;
    for (const effect of effects) this.#perform(effect);
    this.check();
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'spawn':
        assert.ok(!this.spawnedRuns.has(effect.run), `two runs have the number ${effect.run}`);
        this.spawnedRuns.add(effect.run);
        this.runs.set(effect.run, {
          generation: effect.generation,
          spawned: false,
          told: false,
          since: this.step,
        });
        return;
      case 'signal':
      case 'kill': {
        const run = this.runs.get(effect.run);
        if (run !== undefined) run.told = true;
        return;
      }
      case 'timer':
        this.timers.set(effect.generation, effect);
        return;
      case 'ready':
        this.ready.add(effect.job);
        return;
      case 'scale':
        this.scaling.set(effect.run, effect);
        return;
      case 'limit':
        return;
      case 'done':
        this.#done(effect.job, effect.outcome);
    }
  }

  #done(job: number, outcome: Outcome): void {
    assert.ok(!this.outcomes.has(job), `job ${job} ends twice`);
    this.outcomes.set(job, outcome);
    this.ready.delete(job);
    const asked = this.asked.get(job);
    assert.ok(asked, `job ${job} was never asked for`);
    const { current, heir, jobs } = this.service;
    assert.ok(!jobs.some(({ id }) => id === job), 'it has ended');
    const what = `${asked.kind}: ${JSON.stringify(outcome)}`;
    const running = current !== null && current.state.kind === 'running';
    const patientOld = this.patient ? this.service.old.map(({ state }) => state.run) : [];
    const alive = [...this.runs.keys()].filter(run => !patientOld.includes(run));
    switch (outcome.kind) {
      case 'done':
      case 'already':
        if (asked.kind === 'resume' && this.service.asleep) return;
        if (['start', 'wake', 'resume', 'restart'].includes(asked.kind)) assert.ok(running, what);
        if (asked.kind === 'restart')
          assert.ok((this.runs.get(current?.state.run ?? 0)?.since ?? 0) >= asked.step, what);
        if (asked.kind === 'stop') assert.deepEqual([...this.runs.keys()], [], what);
        if (asked.kind === 'remove') assert.deepEqual(alive, [], what);
        if (asked.kind === 'replace')
          assert.ok(((heir ?? current)?.definition.mark ?? 0) >= asked.mark, what);
        if (asked.kind === 'reload' && !this.service.asleep) {
          // A crash has restarted it meanwhile, which loads the new code as well.
          assert.ok(current !== null && [...this.spawnedRuns].some(run => run === current.state.run), what);
          if (running) assert.ok((this.runs.get(current.state.run)?.since ?? 0) >= asked.step, what);
          if (!this.patient) assert.deepEqual(this.service.old, [], what);
        }
        return;
      case 'overtaken': {
        const words: Record<string, readonly string[]> = {
          start: ['start'],
          stop: ['stop'],
          restart: ['restart'],
          reload: ['reload', 'renew'],
          scale: ['scale'],
          update: ['replace', 'remove', 'renew'],
        };
        const later = this.words.some(
          ({ word, step }) => words[outcome.by]?.includes(word) === true && step >= asked.step,
        );
        const isGone = this.service.removing || current === null;
        // An update starts its programs late, after the commands that have come since the update.
        assert.ok(later || isGone || isRefusal(asked.kind, outcome), `${what}, and nobody has said so since`);
        return;
      }
      case 'scaled':
        assert.ok(running, what);
        assert.equal(this.workers.get(current.state.run), asked.workers, what);
        return;
      case 'kept':
        assert.notEqual(current?.id, outcome.generation, what);
        return;
      case 'failed':
        assert.ok(!running, what);
        return;
      case 'refused':
      case 'late':
        return;
    }
  }

  /** What holds after every event. */
  check(): void {
    const { current, next, old } = this.service;
    for (const [run, { generation }] of this.runs) {
      const known = generationsOf(this.service).find(({ id }) => id === generation);
      assert.equal(known?.state.run, run, `run ${run} lives, and nobody looks after it`);
    }
    assert.ok(old.filter(({ hastened }) => !hastened).length <= mostGenerations, 'old generations pile up');
    assert.ok(old.every(({ state }) => state.kind === 'stopping'));
    if (!this.patient) {
      const serving = [current, next].filter(one => one !== null && !isDown(one.state)).length;
      assert.ok(serving <= 2);
    }
    assert.equal(this.service.wanted, this.wanted, 'the last word is known');
    if (!this.service.asleep) return;
    assert.equal(this.wanted, 'up', 'what is asleep is wanted');
    assert.ok(current === null || isDown(current.state) || current.state.kind === 'stopping');
    assert.equal(this.service.due, 'no');
    assert.equal(next, null);
    assert.ok(!this.service.jobs.some(({ kind }) => kind === 'start' || kind === 'restart'));
  }

  command(
    kind:
      | ('start' | 'stop' | 'restart' | 'remove' | 'resume' | 'wake')
      | ('replace' | 'reload' | 'renew' | 'scale'),
    start = true,
  ) {
    this.jobs += 1;
    const job = this.jobs;
    const { at } = this;
    this.words.push({ word: kind, step: this.step + 1 });
    const isGone = this.service.removing || this.service.current === null;
    if (kind === 'stop' || kind === 'remove') this.wanted = 'down';
    if ((kind === 'start' || kind === 'restart') && !isGone) this.wanted = 'up';
    if (kind === 'replace' && isGone) this.wanted = start ? 'up' : 'down';
    if (kind === 'renew' && isGone) this.wanted = 'up';
    if (kind === 'replace' || kind === 'renew') this.marks += 1;
    this.asked.set(job, { kind, mark: this.marks, step: this.step + 1, workers: job });
    const definition = made(this.marks, this.patient, this.overlaps);
    if (kind === 'replace') this.send({ kind, at, job, definition, start });
    else if (kind === 'scale') this.send({ kind, at, job, workers: job });
    else if (kind === 'reload') this.send({ kind: 'hand-over', at, job, definition: null, asks: false });
    else if (kind === 'renew') this.send({ kind: 'hand-over', at, job, definition, asks: true });
    else this.send({ kind, at, job });
    return job;
  }

  news(generation: number, news: Extract<Event<Made>, { kind: 'process' }>['news']): void {
    this.send({ kind: 'process', at: this.at, generation, news });
  }

  spawned(run: number): void {
    const one = this.runs.get(run);
    if (one === undefined || one.spawned) return;
    one.spawned = true;
    this.news(one.generation, { kind: 'spawned', run });
  }

  isReady(run: number): void {
    const one = this.runs.get(run);
    if (one?.spawned) this.news(one.generation, { kind: 'ready', run });
  }

  ends(run: number): void {
    const one = this.runs.get(run);
    if (one === undefined) return;
    this.runs.delete(run);
    this.timers.delete(one.generation);
    if (one.spawned) this.news(one.generation, { kind: 'exited', run, how: killed, random: 0 });
    else this.news(one.generation, { kind: 'spawn-failed', run, why: 'no', random: 0 });
  }

  /** The run's workers have become as many as ordered, unless it has ended. */
  isScaled(run: number): void {
    const told = this.scaling.get(run);
    this.scaling.delete(run);
    if (told === undefined) return;
    const before = this.workers.get(run) ?? 0;
    this.workers.set(run, told.workers);
    this.send({
      kind: 'scaled',
      at: this.at,
      job: told.job,
      run,
      scaling: { before, now: told.workers },
    });
  }

  idles(): void {
    this.send({ kind: 'idle', at: this.at });
  }

  fires(generation: number): void {
    const timer = this.timers.get(generation);
    if (timer === undefined) return;
    this.at += timer.ms;
    this.timers.delete(generation);
    this.news(generation, { kind: 'timer', run: timer.run, timer: timer.timer });
  }

  /** The `n`th item, modulo their number. */
  pick<T>(all: Iterable<T>, n: number): T | undefined {
    const list = [...all];
    return list[n % Math.max(1, list.length)];
  }

  /** Lets every order be obeyed, without further crashes, until nothing is left to do. */
  calm(): void {
    for (let round = 0; round < 200; round += 1) {
      const before = this.step;
      if (this.service.due === 'in-turn') this.command('resume');
      for (const run of [...this.scaling.keys()]) this.isScaled(run);
      for (const job of [...this.ready]) this.send({ kind: 'commit', at: this.at, job });
      for (const [run, { told, spawned }] of [...this.runs]) {
        if (told) this.ends(run);
        else if (!spawned) {
          this.spawned(run);
          this.isReady(run);
        } else if (
          generationsOf(this.service).some(({ state }) => state.run === run && state.kind === 'starting')
        )
          this.isReady(run);
      }
      for (const [generation, { timer }] of [...this.timers]) if (timer === 'retry') this.fires(generation);
      if (this.step === before) return;
    }
    assert.fail('it never comes to rest');
  }
}

/** Whether the command was refused by an earlier word that wants the program down. */
function isRefusal(kind: string, outcome: Outcome & { kind: 'overtaken' }): boolean {
  return (kind === 'resume' || kind === 'wake') && outcome.by === 'stop';
}

type Act = (world: World) => void;
const n = fc.nat({ max: 20 });
const act: fc.Arbitrary<Act> = fc.oneof(
  ...(
    [
      'start',
      'stop',
      'restart',
      'reload',
      'reload',
      'remove',
      'renew',
      'resume',
      'wake',
      'scale',
      'scale',
    ] as const
  ).map(kind =>
    fc.constant<Act>(Object.assign((world: World) => void world.command(kind), { toString: () => kind })),
  ),
  fc.boolean().map(
    (start): Act =>
      world =>
        void world.command('replace', start),
  ),
  ...(['spawned', 'isReady', 'isReady', 'isReady', 'ends'] as const).map(kind =>
    n.map(
      (which): Act =>
        world =>
          world[kind](world.pick(world.runs.keys(), which) ?? 0),
    ),
  ),
  fc.constant<Act>(world => world.idles()),
  n.map(
    (which): Act =>
      world =>
        world.isScaled(world.pick(world.scaling.keys(), which) ?? 0),
  ),
  n.map(
    (which): Act =>
      world =>
        world.fires(world.pick(world.timers.keys(), which) ?? 0),
  ),
  n.map(
    (which): Act =>
      world => {
        const job = world.pick(world.service.jobs, which)?.id;
        if (job !== undefined) world.send({ kind: 'late', at: world.at, job });
      },
  ),
  fc.tuple(n, fc.constantFrom('commit', 'abandon')).map(
    ([which, kind]): Act =>
      world => {
        const job = world.pick(world.ready, which);
        if (job !== undefined) world.send({ kind, at: world.at, job });
      },
  ),
);

for (const kind of ['a patient', 'an impatient', 'an overlapping'] as const)
  test(`whatever is said and happens to ${kind} service, runs have numbers of their own, jobs end with what is true, and the last word wins`, () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), acts => {
        const world = new World(kind === 'a patient', kind === 'an overlapping');
        world.command('replace');
        for (const each of acts) each(world);
        world.calm();
        const { service, asked, outcomes } = world;
        assert.deepEqual(service.jobs, []);
        for (const [job, { kind }] of asked) assert.ok(outcomes.has(job), `${kind} never ended`);
        const alive = [...world.runs.keys()];
        if (world.wanted === 'down' || service.asleep) assert.deepEqual(alive, []);
        else {
          assert.equal(service.current?.state.kind, 'running');
          assert.deepEqual(alive, [service.current?.state.run]);
        }
        assert.equal(service.next, null);
        assert.equal(service.heir, null);
      }),
      { numRuns: 2000 },
    );
  });

test('a scheduled program sleeps until it is woken, after each run, and not after a stop', () => {
  const scheduled = { ...made(1, false) };
  const policyOfRuns: Policy = {
    ...policy,
    autorestart: 'never',
    startretries: 0,
    readiness: 'startsecs',
    startsecs: 0,
  };
  const definition = {
    ...scheduled,
    rules: { ...scheduled.rules, current: policyOfRuns, old: policyOfRuns, scheduled: true },
  };
  let service: Service<Made> = emptyService();
  let job = 0;
  const outcomes: (Outcome['kind'] | 'waits')[] = [];
  const ask = (
    request:
      | { kind: 'start' | 'stop' | 'wake' | 'await' | 'restart' }
      | { kind: 'replace'; definition: Made; start: boolean },
  ) => {
    job += 1;
    const step = advance(service, { ...request, at: 0, job } as Event<Made>);
    service = step.service;
    const done = step.effects.find(effect => effect.kind === 'done' && effect.job === job);
    outcomes.push(done?.kind === 'done' ? done.outcome.kind : 'waits');
    return step.effects.filter(({ kind }) => kind === 'spawn').length;
  };
  const news = (event: object) => {
    const { current } = service;
    const generation = current?.id ?? 0;
    const { run } = current?.state ?? { run: 0 };
    service = advance(service, {
      at: 5,
      kind: 'process',
      generation,
      news: { run, ...event },
    } as Event<Made>).service;
  };
  const runs = () => {
    news({ kind: 'spawned' });
    news({ kind: 'timer', timer: 'startsecs' });
    assert.equal(service.current?.state.kind, 'running');
  };
  const ends = (code: number) => news({ kind: 'exited', how: { code, signal: null }, random: 0 });

  assert.equal(ask({ kind: 'replace', definition, start: true }), 0);
  assert.deepEqual([service.wanted, service.asleep, service.due], ['up', true, 'no']);
  assert.equal(ask({ kind: 'wake' }), 1);
  runs();
  assert.equal(service.asleep, false);
  // Never twice at once.
  assert.equal(ask({ kind: 'wake' }) + ask({ kind: 'start' }), 0);
  ends(1);
  assert.deepEqual([service.current?.state.kind, service.asleep, service.wanted], ['exited', true, 'up']);
  // One that cannot be started is tried again at its next time.
  assert.equal(ask({ kind: 'wake' }), 1);
  news({ kind: 'spawn-failed', why: 'no such file', random: 0 });
  assert.deepEqual([service.current?.state.kind, service.asleep], ['fatal', true]);
  ask({ kind: 'stop' });
  assert.equal(ask({ kind: 'wake' }), 0);
  assert.deepEqual([service.wanted, service.asleep], ['down', false]);
  assert.equal(ask({ kind: 'await' }), 0);
  assert.equal(ask({ kind: 'await' }), 0);
  assert.deepEqual(outcomes.slice(-2), ['done', 'already']);
  assert.equal(ask({ kind: 'wake' }), 1);
  runs();
  // Its time is over: it counts as having ended by itself.
  news({ kind: 'overdue' });
  assert.equal(service.current?.state.kind, 'stopping');
  ends(143);
  assert.deepEqual([service.current?.state.kind, service.asleep], ['exited', true]);
  // Without a schedule it is to be up; with one it is not.
  assert.equal(ask({ kind: 'replace', definition: made(2, false), start: false }), 0);
  assert.deepEqual([service.due, service.asleep], ['in-turn', false]);
  ask({ kind: 'replace', definition, start: false });
  assert.deepEqual([service.due, service.asleep], ['no', true]);
});
