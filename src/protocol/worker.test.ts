import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rowLength } from './traffic.ts';
import { decodeFact, encodeFact, type Fact, factLimit } from './worker.ts';

const sites: ReadonlySet<string> = new Set(['hello', 'goodbye']);
const plainObjects = { noNullPrototype: true };
const count = fc.maxSafeNat();
const row = fc.array(count, { minLength: rowLength, maxLength: rowLength });
const facts: fc.Arbitrary<Fact> = fc.oneof(
  fc.constant<Fact>({ kind: 'ready' }),
  fc.record(
    { kind: fc.constant('bound' as const), what: fc.constantFrom('connections' as const, 'bodies' as const) },
    plainObjects,
  ),
  fc.record({ kind: fc.constant('draining' as const), connections: count }, plainObjects),
  fc.record({ kind: fc.constant('counts' as const), connections: count, requests: count }, plainObjects),
  fc.record(
    {
      kind: fc.constant('traffic' as const),
      site: fc.constantFrom('hello', 'goodbye', null),
      counts: row,
    },
    plainObjects,
  ),
);
const zeros: readonly number[] = new Array(rowLength).fill(0);
const decode = (value: unknown): Fact | null => decodeFact(JSON.stringify(value), sites);

test('what is encoded is decoded, in one line that root reads', () => {
  fc.assert(
    fc.property(facts, fact => {
      const line = encodeFact(fact);
      assert.equal(line.indexOf('\n'), line.length - 1);
      assert.ok(line.length <= factLimit);
      assert.deepEqual(decodeFact(line.slice(0, -1), sites), fact);
    }),
  );
});

test('the longest row of the longest name is within the limit', () => {
  const counts = new Array(rowLength).fill(Number.MAX_SAFE_INTEGER);
  assert.ok(encodeFact({ kind: 'traffic', site: 'x'.repeat(255), counts }).length < factLimit);
});

test('counters of a site that the worker does not serve are refused', () => {
  for (const site of ['other', '', '__proto__', 1, undefined, ['hello']])
    assert.equal(decode({ kind: 'traffic', site, counts: zeros }), null);
});

test('rows that are too short, too long, or hold anything but counts are refused', () => {
  const bad: readonly unknown[] = [-1, 0.5, 2 ** 53, null, '1', true, [], {}];
  const rows = [
    zeros.slice(1),
    [...zeros, 0],
    { length: rowLength },
    'x'.repeat(rowLength),
    null,
    undefined,
    ...bad.map(value => zeros.with(7, value as number)),
  ];
  for (const counts of rows) assert.equal(decode({ kind: 'traffic', site: 'hello', counts }), null);
});

test('nothing makes decoding throw, and what it gives has counts only', () => {
  const lines = fc.oneof(
    fc.string(),
    fc.json(),
    facts.map(encodeFact).map(line => line.slice(1)),
  );
  fc.assert(
    fc.property(lines, line => {
      const fact = decodeFact(line, sites);
      if (fact?.kind === 'traffic') assert.ok(fact.counts.every(n => Number.isSafeInteger(n) && n >= 0));
    }),
  );
});
