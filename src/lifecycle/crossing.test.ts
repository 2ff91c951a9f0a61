// Commands that cross each other, tested with values: what becomes of the generations, and what each command is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance } from './advance.ts';
import type { Policy } from './process.ts';
import { type Effect, type Event, emptyService, mostGenerations, type Rules, targetOf } from './service.ts';

const policy: Policy = {
  autorestart: 'always',
  exitcodes: [0],
  startretries: null,
  readiness: 'notified',
  startsecs: 1000,
  stopsignal: 'SIGTERM',
  stopwait: 10_000,
};
const rules: Rules = {
  current: policy,
  next: { ...policy, autorestart: 'never', startretries: 0 },
  old: policy,
  patient: false,
  overlaps: false,
  longestHandOver: 120_000,
  longestStart: 60_000,
};
const patient: Rules = {
  ...rules,
  old: { ...policy, stopsignal: 'SIGQUIT', stopwait: 86_400_000 },
  patient: true,
  longestHandOver: 10_000,
};

type Bare<E> = E extends unknown ? Omit<E, 'at' | 'job'> : never;
interface Named {
  readonly rules: Rules;
  readonly name: string;
}

/** A service that is running its first run, and a list of what has been done since. */
function running(how: Rules = rules) {
  let service = emptyService<Named>();
  let effects: Effect[] = [];
  let jobs = 0;
  const send = (event: Bare<Event<Named>> & { job?: number }) => {
    const step = advance(service, { ...event, at: 0 } as Event<Named>);
    service = step.service;
    effects.push(...step.effects);
  };
  const world = {
    get service() {
      return service;
    },
    ask(event: Bare<Event<Named>>) {
      jobs += 1;
      send({ ...event, job: jobs });
      return jobs;
    },
    say: (kind: 'start' | 'stop' | 'restart' | 'remove' | 'resume' | 'wake') => world.ask({ kind }),
    scale: (workers: number) => world.ask({ kind: 'scale', workers }),
    scaled: (job: number, run: number, now: number) =>
      send({ kind: 'scaled', job, run, scaling: { before: 2, now } }),
    idle: () => send({ kind: 'idle' }),
    reload: () => world.ask({ kind: 'hand-over', definition: null, asks: false }),
    replace: (name: string) => world.ask({ kind: 'replace', definition: { rules: how, name }, start: true }),
    tell: (kind: 'commit' | 'abandon' | 'late', job: number) => send({ kind, job }),
    news(run: number, what: 'spawned' | 'ready' | 'exited') {
      const all = [service.current, service.next, ...service.old];
      const generation = all.find(one => one?.state.run === run)?.id ?? -1;
      const how = { code: null, signal: 'SIGKILL' };
      send({
        kind: 'process',
        generation,
        news: what === 'exited' ? { kind: what, run, how, random: 0 } : { kind: what, run },
      });
    },
    comesUp(run: number) {
      world.news(run, 'spawned');
      world.news(run, 'ready');
    },
    /** What has been done since the last look, timers and limits aside. */
    done() {
      const found = effects.filter(({ kind }) => kind !== 'timer' && kind !== 'limit');
      effects = [];
      return found.map(effect => {
        if (effect.kind === 'spawn') return `spawn ${effect.run}`;
        if (effect.kind === 'signal') return `${effect.signal} ${effect.run}`;
        if (effect.kind === 'kill') return `kill ${effect.run}`;
        if (effect.kind === 'ready') return `${effect.job} ready`;
        if (effect.kind === 'scale') return `scale ${effect.run} to ${effect.workers}`;
        if (effect.kind !== 'done') return effect.kind;
        const { outcome } = effect;
        const by = outcome.kind === 'overtaken' ? ` by ${outcome.by}` : '';
        return `${effect.job} ${outcome.kind}${by}`;
      });
    },
    state: () => service.current?.state.kind,
  };
  world.replace('first');
  world.say('resume');
  world.comesUp(1);
  world.done();
  jobs = 0;
  return world;
}

test('a reload: the new generation takes over when it is ready, and is done when the old one is gone', () => {
  const world = running();
  world.reload();
  assert.deepEqual(world.done(), ['spawn 2']);
  world.comesUp(2);
  assert.deepEqual(world.done(), ['SIGTERM 1']);
  assert.equal(world.service.current?.state.run, 2);
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['1 done']);
});

test('a restart while a reload loads: three runs, three numbers, and the reload says that it was overtaken', () => {
  const world = running();
  world.reload();
  world.say('restart');
  assert.deepEqual(world.done(), ['spawn 2', '1 overtaken by restart', 'SIGTERM 2', 'SIGTERM 1']);
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['spawn 3']);
  world.news(2, 'exited');
  world.comesUp(3);
  assert.deepEqual(world.done(), ['2 done']);
});

test('a stop while a reload loads: both generations end, and nothing starts again', () => {
  const world = running();
  world.reload();
  world.say('stop');
  assert.deepEqual(world.done(), ['spawn 2', '1 overtaken by stop', 'SIGTERM 2', 'SIGTERM 1']);
  world.news(2, 'ready');
  world.news(2, 'exited');
  assert.deepEqual(world.done(), []);
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['2 done']);
  assert.equal(world.state(), 'stopped');
});

test('a new generation that does not get ready leaves the old one alone; one that died meanwhile is started again', () => {
  const world = running();
  world.reload();
  world.news(2, 'exited');
  assert.deepEqual(world.done(), ['spawn 2', '1 kept']);
  assert.equal(world.state(), 'running');
  world.reload();
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['spawn 3'], 'it is not started beside the one that is about to take over');
  world.news(3, 'exited');
  assert.deepEqual(world.done(), ['2 kept', 'spawn 4']);
});

test("a new generation that takes too long is ended, and so is the reload's wait", () => {
  const world = running();
  world.reload();
  world.tell('late', 1);
  assert.deepEqual(world.done(), ['spawn 2', 'SIGTERM 2', '1 kept']);
  assert.equal(world.state(), 'running');
});

test('a second reload waits for the first, a third joins the second', () => {
  const world = running();
  world.reload();
  world.reload();
  world.reload();
  world.comesUp(2);
  assert.deepEqual(world.done(), ['spawn 2', 'SIGTERM 1'], 'never more than two are in memory');
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['spawn 3', '1 done']);
  world.comesUp(3);
  world.news(2, 'exited');
  assert.deepEqual(world.done(), ['SIGTERM 2', '2 done', '3 done']);
});

test('a restart while the old one of a reload drains: the reload is done, and what it started is started anew', () => {
  const world = running();
  world.reload();
  world.comesUp(2);
  world.say('restart');
  assert.deepEqual(world.done(), ['spawn 2', 'SIGTERM 1', 'SIGTERM 2']);
  world.news(1, 'exited');
  world.news(2, 'exited');
  world.comesUp(3);
  assert.deepEqual(world.done(), ['1 done', 'spawn 3', '2 done']);
});

test('a start of what runs, and a stop of what does not, say so at once', () => {
  const world = running();
  world.say('start');
  world.say('stop');
  world.news(1, 'exited');
  world.say('stop');
  assert.deepEqual(world.done(), ['1 already', 'SIGTERM 1', '2 done', '3 already']);
});

test('a start that an update comes after is kept by what the update brings, without waiting for its turn', () => {
  const world = running();
  world.say('stop');
  world.news(1, 'exited');
  world.say('start');
  world.replace('second');
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 done', 'spawn 2', 'SIGTERM 2']);
  world.news(2, 'exited');
  assert.deepEqual(world.done(), ['3 done', 'spawn 3']);
  world.comesUp(3);
  assert.deepEqual(world.done(), ['2 done']);
});

test("a start during an update's stop is for what the update brings, and starts it once", () => {
  const world = running();
  world.replace('second');
  world.say('start');
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 done', 'spawn 2']);
  world.say('resume');
  world.comesUp(2);
  assert.deepEqual(world.done(), ['2 done', '3 done']);
  assert.equal(targetOf(world.service)?.name, 'second');
});

test("a stop during an update's stop: the update's own start comes to nothing", () => {
  const world = running();
  world.replace('second');
  world.say('stop');
  world.news(1, 'exited');
  world.say('resume');
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 done', '2 done', '3 overtaken by stop']);
  assert.equal(world.state(), 'stopped');
});

test('an update starts nothing before its turn, and what was down stays down', () => {
  const world = running();
  world.replace('second');
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 done']);
  world.say('resume');
  assert.deepEqual(world.done(), ['spawn 2']);
  world.say('stop');
  world.news(2, 'exited');
  world.replace('third');
  world.say('resume');
  assert.deepEqual(world.done().slice(-2), ['4 done', '5 overtaken by stop']);
});

test('an update during a reload ends the generation that loads, and stops the other before its own', () => {
  const world = running();
  world.reload();
  world.replace('second');
  assert.deepEqual(world.done(), ['spawn 2', '1 overtaken by update', 'SIGTERM 2', 'SIGTERM 1']);
  world.news(2, 'exited');
  world.news(1, 'exited');
  world.say('resume');
  assert.deepEqual(world.done(), ['2 done', 'spawn 3']);
});

test('of two updates at once the later one counts, for both', () => {
  const world = running();
  world.replace('second');
  world.replace('third');
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 done', '2 done']);
  assert.equal(targetOf(world.service)?.name, 'third');
});

test('what is removed is gone when it is down; a start of it comes to nothing; another update brings it back', () => {
  const world = running();
  world.say('remove');
  world.say('start');
  assert.deepEqual(world.done(), ['SIGTERM 1', '2 overtaken by update']);
  world.replace('again');
  assert.deepEqual(world.done(), ['1 overtaken by update']);
  world.news(1, 'exited');
  world.say('resume');
  assert.deepEqual(world.done(), ['3 done', 'spawn 2']);
});

test('a stop that is overtaken by a start says so, and the start is true', () => {
  const world = running();
  world.say('stop');
  world.say('start');
  world.news(1, 'exited');
  world.comesUp(2);
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 overtaken by start', 'spawn 2', '2 done']);
});

test('a start of what is starting already is no success when that fails', () => {
  const world = running();
  world.say('restart');
  world.news(1, 'exited');
  world.say('start');
  world.news(2, 'spawned');
  world.news(2, 'exited');
  assert.deepEqual(world.done(), ['SIGTERM 1', 'spawn 2', '1 failed', '2 failed']);
});

test('a hand-over that asks takes over when it is told to, or not at all', () => {
  const renew = { kind: 'hand-over', asks: true } as const;
  const world = running(patient);
  world.ask({ ...renew, definition: { rules: patient, name: 'second' } });
  world.comesUp(2);
  assert.deepEqual(world.done(), ['spawn 2', '1 ready']);
  world.tell('abandon', 1);
  assert.deepEqual(world.done(), ['SIGTERM 2', '1 kept']);
  world.ask({ ...renew, definition: { rules: patient, name: 'third' } });
  world.comesUp(3);
  world.tell('commit', 2);
  assert.deepEqual(world.done(), ['spawn 3', '2 ready', 'SIGQUIT 1', '2 done']);
});

test('patient generations linger, but no more than four: of more the oldest ends as at a stop; a stop ends all', () => {
  const world = running(patient);
  for (let run = 2; run <= mostGenerations + 2; run += 1) {
    const definition = { rules: patient, name: `${run}` };
    const job = world.ask({ kind: 'hand-over', definition, asks: true });
    world.comesUp(run);
    world.tell('commit', job);
  }
  assert.equal(world.service.old.length, mostGenerations + 1);
  assert.deepEqual(
    world.done().filter(text => text.startsWith('SIG')),
    ['SIGQUIT 1', 'SIGQUIT 2', 'SIGQUIT 3', 'SIGQUIT 4', 'SIGQUIT 5', 'SIGTERM 1'],
  );
  world.say('stop');
  assert.deepEqual(world.done(), ['SIGTERM 6', 'SIGTERM 2', 'SIGTERM 3', 'SIGTERM 4', 'SIGTERM 5']);
});

test('what somebody has stopped is not started by a renewal: it is made from the new definition when it is started', () => {
  const world = running(patient);
  world.say('stop');
  world.news(1, 'exited');
  world.done();
  world.ask({ kind: 'hand-over', definition: { rules: patient, name: 'second' }, asks: true });
  assert.deepEqual(world.done(), ['2 done']);
  assert.equal(world.state(), 'stopped');
  assert.equal(targetOf(world.service)?.name, 'second');
});

test('of two runs that were adopted the newer stays, and the next one has a number of its own', () => {
  let service = emptyService<Named>();
  const effects: Effect[] = [];
  for (const run of [7, 5]) {
    const step = advance(service, { kind: 'adopt', at: 0, definition: { rules, name: 'a' }, run });
    service = step.service;
    effects.push(...step.effects);
  }
  assert.equal(service.current?.state.run, 7);
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'signal').map(effect => 'run' in effect && effect.run),
    [5],
  );
  service = advance(service, { kind: 'restart', at: 0, job: 1 }).service;
  const news = { kind: 'exited', run: 7, how: { code: 0, signal: null }, random: 0 } as const;
  const id = service.current?.id ?? 0;
  const { effects: after } = advance(service, { kind: 'process', at: 0, generation: id, news });
  assert.deepEqual(after, [{ kind: 'spawn', run: 8, generation: id }]);
});

test('a scaling ends with the number that it came to', () => {
  const world = running();
  world.scale(4);
  assert.deepEqual(world.done(), ['scale 1 to 4']);
  world.scaled(1, 1, 4);
  assert.deepEqual(world.done(), ['1 scaled']);
  world.say('stop');
  world.scale(4);
  assert.deepEqual(world.done(), ['SIGTERM 1', '3 refused'], 'what does not run has no workers');
});

test('of two scalings at once the later one counts, and the earlier one says so', () => {
  const world = running();
  world.scale(4);
  world.scale(6);
  world.scaled(1, 1, 4);
  assert.deepEqual(world.done(), ['scale 1 to 4', '1 overtaken by scale', 'scale 1 to 6']);
  world.scaled(2, 1, 6);
  assert.deepEqual(world.done(), ['2 scaled']);
});

test('a stop, a restart or an update during a scaling is the last word', () => {
  for (const word of ['stop', 'restart', 'update'] as const) {
    const world = running();
    world.scale(4);
    if (word === 'update') world.replace('second');
    else world.say(word);
    world.scaled(1, 1, 4);
    assert.deepEqual(world.done(), ['scale 1 to 4', `1 overtaken by ${word}`, 'SIGTERM 1']);
  }
});

test('a scaling during a reload is for the new generation too, and ends when that has as many workers', () => {
  const world = running();
  world.reload();
  world.scale(4);
  world.scaled(2, 1, 4);
  assert.deepEqual(world.done(), ['spawn 2', 'scale 1 to 4'], 'whoever serves meanwhile is scaled at once');
  world.comesUp(2);
  assert.deepEqual(world.done(), ['SIGTERM 1', 'scale 2 to 4']);
  world.scaled(2, 2, 4);
  assert.deepEqual(world.done(), ['2 scaled']);
});

test('a scaling during a reload that fails is done with the old generation', () => {
  const world = running();
  world.reload();
  world.scale(4);
  world.scaled(2, 1, 4);
  world.news(2, 'exited');
  assert.deepEqual(world.done(), ['spawn 2', 'scale 1 to 4', '1 kept', '2 scaled']);
});

test('a reload during a scaling: what is scaled in time is true, what is not says that it was reloaded', () => {
  for (const isInTime of [true, false]) {
    const world = running();
    world.scale(4);
    world.reload();
    if (isInTime) world.scaled(1, 1, 4);
    world.comesUp(2);
    world.news(1, 'exited');
    const scaling = isInTime ? '1 scaled' : '1 overtaken by reload';
    assert.deepEqual(world.done(), ['scale 1 to 4', 'spawn 2', scaling, 'SIGTERM 1', '2 done']);
  }
});

test('a program that dies while it is scaled has other workers when it is back', () => {
  const world = running();
  world.scale(4);
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['scale 1 to 4', 'spawn 2', '1 refused']);
});

test('what nobody needs ends as at a stop and stays wanted; whoever needs it starts it', () => {
  const world = running();
  world.idle();
  assert.deepEqual(world.done(), ['SIGTERM 1']);
  world.say('wake');
  world.news(1, 'exited');
  assert.deepEqual(world.done(), ['spawn 2'], 'also while it is ending');
  world.comesUp(2);
  assert.deepEqual(world.done(), ['1 done']);
  world.idle();
  world.news(2, 'exited');
  assert.equal(world.state(), 'stopped');
  assert.deepEqual([world.service.wanted, world.service.asleep], ['up', true]);
  world.say('wake');
  assert.deepEqual(world.done(), ['SIGTERM 2', 'spawn 3']);
});

test('what may overlap is woken while it is ending: another generation starts at once, and the old one ends beside it', () => {
  const world = running({ ...rules, overlaps: true });
  world.idle();
  world.say('wake');
  assert.deepEqual(world.done(), ['SIGTERM 1', 'spawn 2']);
  world.comesUp(2);
  assert.deepEqual(world.done(), ['1 done']);
  world.idle();
  assert.deepEqual(world.done(), [], 'never more than two are in memory');
  world.news(1, 'exited');
  world.idle();
  assert.deepEqual(world.done(), ['SIGTERM 2']);
  world.say('stop');
  world.say('start');
  assert.deepEqual(
    world.done(),
    ['2 overtaken by start'],
    'somebody has stopped it: that is no sleep any more',
  );
  world.news(2, 'exited');
  assert.deepEqual(world.done(), ['spawn 3']);
});

test('what is asleep: a stop is the last word, a reload has nothing to do, an update leaves it asleep', () => {
  const asleep = () => {
    const world = running();
    world.idle();
    world.news(1, 'exited');
    world.done();
    return world;
  };
  const stopped = asleep();
  stopped.say('stop');
  stopped.say('wake');
  assert.deepEqual(stopped.done(), ['1 done', '2 overtaken by stop']);
  const reloaded = asleep();
  reloaded.reload();
  assert.deepEqual(reloaded.done(), ['1 done']);
  const updated = asleep();
  updated.replace('second');
  updated.say('resume');
  assert.deepEqual(updated.done(), ['1 done', '2 already']);
  updated.say('wake');
  assert.deepEqual(updated.done(), ['spawn 2']);
});

test('what somebody waits for does not go to sleep, and what has ended by itself is not woken', () => {
  const world = running();
  world.scale(4);
  world.idle();
  assert.deepEqual(world.done(), ['scale 1 to 4']);
  const ended = running({ ...rules, current: { ...policy, autorestart: 'never' } });
  ended.news(1, 'exited');
  ended.say('wake');
  assert.deepEqual(ended.done(), ['1 failed']);
});

test('a program that was to be started in its turn may sleep at once instead', () => {
  const world = running();
  world.say('remove');
  world.news(1, 'exited');
  world.replace('again');
  world.idle();
  world.say('resume');
  assert.deepEqual(world.done(), ['SIGTERM 1', '1 done', '2 done', '3 already']);
  world.say('wake');
  assert.deepEqual(world.done(), ['spawn 2']);
});
