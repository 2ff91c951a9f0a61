// Which listener of a pool gets which event, and what is dropped or sent again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../protocol/events.ts';
import { newParser } from './listener-protocol.ts';
import { answersInTime, type Item, type Member, Pool } from './pool.ts';

function scene(bufferSize: number, names: readonly string[], events: readonly string[] = ['TICK']) {
  const said: string[] = [];
  const sent: string[] = [];
  let serial = -1;
  const keep = (message: string) => void said.push(message);
  const pool = new Pool('pool', { events, bufferSize }, () => ++serial, {
    debug: message => keep(message()),
    warn: keep,
    error: keep,
  });
  const up = new Set(names);
  const deaf = new Set<string>();
  pool.members = names.map(
    (name): Member => ({
      name,
      parser: newParser,
      item: null,
      listens: false,
      isUp: () => up.has(name),
      send: (item, poolSerial) => {
        if (deaf.has(name)) return false;
        sent.push(`${name} ${item.serial} ${poolSerial}`);
        return true;
      },
    }),
  );
  const member = (name: string) => pool.members.find(one => one.name === name) as Member;
  return {
    pool,
    said,
    up,
    deaf,
    /** What has been sent since the last call. */
    sent: () => sent.splice(0),
    tick: () => pool.offer(item({ kind: 'tick', period: 5, when: 5 })),
    say: (name: string, text: string) => pool.hear(member(name), Buffer.from(text), () => {}),
    die: (name: string) => pool.end(member(name)),
  };
}

function item(event: Event): Item {
  return { event, serial: null, poolSerials: new Map() };
}

test('each event goes to one listener that is ready, and waits while none is', () => {
  const { pool, tick, say, sent } = scene(10, ['a', 'b']);
  tick();
  assert.deepEqual(sent(), []);
  say('a', 'READY\n');
  assert.deepEqual(sent(), ['a 0 0']);
  tick();
  tick();
  say('b', 'READY\n');
  assert.deepEqual(sent(), ['b 1 1']);
  say('a', 'RESULT 2\nOKREADY\n');
  assert.deepEqual(sent(), ['a 2 2']);
  assert.equal(pool.waiting, 0);
});

test('of too many events the oldest is dropped, and named', () => {
  const { tick, say, sent, said } = scene(2, ['a']);
  for (let count = 0; count < 4; count++) tick();
  assert.deepEqual(
    said.filter(line => line.includes('overflowed')),
    [0, 1].map(serial => `pool pool event buffer overflowed, discarding event ${serial}`),
  );
  say('a', 'READY\n');
  assert.deepEqual(sent(), ['a 2 2']);
});

test('what is rejected, and what a listener dies with, comes again, before what came later', () => {
  const { tick, say, sent, die, said } = scene(10, ['a', 'b']);
  say('a', 'READY\n');
  tick();
  tick();
  assert.deepEqual(sent(), ['a 0 0']);
  say('a', 'RESULT 4\nFAIL');
  assert.ok(said.includes('a: event was rejected'));
  assert.ok(said.includes('rebuffering event 0 for pool pool (buf size=1, max=10)'));
  say('a', 'READY\n');
  assert.deepEqual(sent(), ['a 0 0']);
  die('a');
  say('b', 'READY\n');
  assert.deepEqual(sent(), ['b 0 0']);
});

test('one that is not RUNNING or has closed its input is passed over', () => {
  const { tick, say, sent, up, deaf, pool, said } = scene(10, ['a', 'b']);
  up.delete('a');
  say('a', 'READY\n');
  say('b', 'READY\n');
  tick();
  assert.deepEqual(sent(), ['b 0 0']);
  up.add('a');
  deaf.add('a');
  tick();
  assert.deepEqual(sent(), []);
  assert.equal(pool.waiting, 1);
  assert.ok(
    said.includes('epipe occurred while sending event 1 to listener a, listener state unchanged'),
    said.join('\n'),
  );
});

test('output waits while many events do, and only for a listener that answers in time', t => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const { tick, say, pool } = scene(4, ['a']);
  tick();
  tick();
  assert.equal(pool.isFilling, false, 'nobody is at work');
  say('a', 'READY\n');
  tick();
  assert.equal(pool.isFilling, true);
  now = answersInTime;
  assert.equal(pool.isFilling, false, 'it is late');
  tick();
  say('a', 'RESULT 2\nOK');
  assert.equal(pool.isFilling, true, 'it is about to say READY');
  say('a', 'READY\n');
  say('a', 'RESULT 2\nOKREADY\n');
  assert.equal(pool.isFilling, false, 'one event waits');
  tick();
  assert.equal(pool.isFilling, true, 'it has answered again');
});

test('an event that two subscriptions include comes twice, as under Supervisor', () => {
  const { tick, say, sent } = scene(10, ['a'], ['TICK', 'TICK_5']);
  say('a', 'READY\n');
  tick();
  say('a', 'RESULT 2\nOKREADY\n');
  assert.deepEqual(sent(), ['a 0 0', 'a 0 0']);
});

test('who violates the protocol is told nothing more, and the log says so', () => {
  const { tick, say, sent, said } = scene(10, ['a']);
  say('a', 'READY\n');
  tick();
  say('a', 'nonsense\n');
  assert.deepEqual(said.slice(-5), [
    "'a' stdout output:\nb'nonsense\\n'",
    "a: bad result line: 'nonsense'",
    'a: BUSY -> UNKNOWN',
    'a: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol',
    'rebuffering event 0 for pool pool (buf size=0, max=10)',
  ]);
  sent();
  say('a', 'READY\n');
  assert.deepEqual(sent(), []);
});
