import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { next } from './line.ts';
import * as events from './line-events.ts';
import { move, type Place, start } from './line-places.ts';

const { bad, drain, late, request, stages, ...single } = events;
const either = [false, true] as const;
/** Every event that there is. */
const all: readonly events.KnownEvent[] = [
  ...Object.values(single),
  ...Object.values(stages),
  ...[400, 414, 431, 505].map(bad),
  ...either.flatMap(a => either.flatMap(b => [late(a, b), drain(a, b)])),
  ...(['plain', 'websocket', 'connect'] as const).flatMap(what =>
    either.flatMap(hasBody =>
      either.flatMap(isHolding =>
        either.map(isTurnOver => request({ what, hasBody, isHolding, isTurnOver })),
      ),
    ),
  ),
];

test('the same event is the same object', () => {
  assert.equal(bad(400), bad(400));
  assert.notEqual(bad(400), bad(431));
  assert.equal(late(true, false), late(true, false));
  assert.equal(drain(true, true), drain(true, true));
  const websocket = { what: 'websocket', hasBody: false, isHolding: true, isTurnOver: false } as const;
  assert.equal(request(websocket), request({ ...websocket }));
  const { id, ...made } = request(websocket);
  assert.deepEqual(made, { kind: 'request', ...websocket });
  const plain = { what: 'plain', hasBody: true, isHolding: false, isTurnOver: true } as const;
  assert.equal(request(plain), request({ ...plain }));
  assert.notEqual(request(plain).id, id);
});

test('whatever events come in whatever order, each step is the machine’s, and is made once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...all), { maxLength: 40, size: 'max' }), history => {
      let { to: place } = start();
      for (const event of history) {
        const made = move(place, event);
        const { line, effects } = next(place.line, event);
        assert.deepEqual(made.to.line, line);
        assert.deepEqual(made.effects, effects);
        assert.equal(move(place, event), made);
        place = made.to;
      }
    }),
    { numRuns: 500 },
  );
});

test('two connections to which the same has happened are at the same place', () => {
  const after = (...history: readonly events.KnownEvent[]): Place =>
    history.reduce((place, event) => move(place, event).to, start().to);
  const { came, headPart, ended } = events;
  assert.equal(after(came, headPart), after(came, headPart));
  assert.equal(after(came, headPart, ended).line.isEnding, true);
});

test('each event has a number of its own', () => {
  assert.equal(new Set(all.map(({ id }) => id)).size, new Set(all).size);
});
