import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance } from '../../lifecycle/advance.ts';
import type { Policy } from '../../lifecycle/process.ts';
import { type Event, emptyService, type Rules } from '../../lifecycle/service.ts';
import type { Program } from '../../model/host.ts';
import { releaser } from './held-sockets.ts';
import type { Made } from './unit.ts';

const policy: Policy = {
  autorestart: 'always',
  exitcodes: [0],
  startretries: null,
  readiness: 'notified',
  startsecs: 1000,
  stopsignal: 'SIGTERM',
  stopwait: 10_000,
};
const next = { ...policy, autorestart: 'never', startretries: 0 } as const;
const rules: Rules = {
  current: policy,
  next,
  old: policy,
  patient: false,
  overlaps: false,
  longestHandOver: 1000,
  longestStart: 1000,
};
const made = (...sockets: string[]): Made => ({ program: {} as Program, rules, sockets });

type Bare<E> = E extends unknown ? Omit<E, 'at' | 'job'> : never;

/** A service on a socket, and a list of what has been closed and when. */
function held(others: readonly string[] = []) {
  let entry = { name: 'hello', service: emptyService<Made>() };
  const other = { ...entry, service: emptyService<Made>() };
  const closed: string[] = [];
  let jobs = 0;
  const told = releaser(
    { release: key => closed.push(key) },
    () => [entry, other],
    () => 0,
  );
  const send = (event: Bare<Event<Made>>) => {
    jobs += 1;
    entry = {
      ...entry,
      service: advance(entry.service, { ...event, at: 0, job: jobs } as Event<Made>).service,
    };
    told(entry);
  };
  const process = (run: number, kind: 'ready' | 'exited') => {
    const { current, next, old } = entry.service;
    const generation = [current, next, ...old].find(one => one?.state.run === run)?.id ?? 0;
    const how = { code: 0, signal: null };
    send({
      kind: 'process',
      generation,
      news: kind === 'ready' ? { kind, run } : { kind, run, how, random: 0 },
    });
  };
  const replace = (...sockets: string[]) =>
    send({ kind: 'replace', definition: made(...sockets), start: true });
  if (others.length > 0)
    other.service = advance(other.service, {
      kind: 'adopt',
      at: 0,
      definition: made(...others),
      run: 1,
    }).service;
  replace('/a');
  send({ kind: 'resume' });
  process(1, 'ready');
  return { closed, send, process, replace };
}

test('an update never closes a socket that stays the same, however long its turn takes', () => {
  const { closed, send, process, replace } = held();
  replace('/a');
  process(1, 'exited');
  assert.deepEqual(closed, [], 'it is down, and is to be started');
  send({ kind: 'resume' });
  process(2, 'ready');
  assert.deepEqual(closed, []);
});

test('a socket that is another is closed when its last user is down', () => {
  const { closed, process, replace } = held();
  replace('/b');
  assert.deepEqual(closed, []);
  process(1, 'exited');
  assert.deepEqual(closed, ['/a']);
});

test('a stop closes the socket when the program is down, also one that an update was about to start', () => {
  const { closed, send, process, replace } = held();
  send({ kind: 'stop' });
  assert.deepEqual(closed, []);
  process(1, 'exited');
  assert.deepEqual(closed, ['/a']);
  send({ kind: 'start' });
  process(2, 'ready');
  replace('/a');
  process(2, 'exited');
  assert.deepEqual(closed, ['/a']);
  send({ kind: 'stop' });
  assert.deepEqual(closed, ['/a', '/a']);
});

test('a crash and a restart close nothing; neither does a hand-over, whose old generation may take its time', () => {
  const { closed, send, process } = held();
  process(1, 'exited');
  process(2, 'ready');
  send({ kind: 'restart' });
  process(2, 'exited');
  process(3, 'ready');
  send({ kind: 'hand-over', definition: null, asks: false });
  process(4, 'ready');
  process(3, 'exited');
  assert.deepEqual(closed, []);
});

test('an address that the new workers do not listen on is given back at once, though old ones linger', () => {
  const { closed, send, process } = held();
  send({ kind: 'hand-over', definition: made('/b'), asks: false });
  assert.deepEqual(closed, []);
  process(2, 'ready');
  assert.deepEqual(closed, ['/a']);
});

test('a socket that another program uses too stays', () => {
  const { closed, send, process } = held(['/a']);
  send({ kind: 'stop' });
  process(1, 'exited');
  assert.deepEqual(closed, []);
});
