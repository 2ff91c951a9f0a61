import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeFact, encodeFact, type Fact, factLimit } from './worker.ts';

const plainObjects = { noNullPrototype: true };
const count = fc.maxSafeNat();
const facts: fc.Arbitrary<Fact> = fc.oneof(
  fc.constant<Fact>({ kind: 'ready' }),
  fc.record(
    { kind: fc.constant('bound' as const), what: fc.constantFrom('connections' as const, 'bodies' as const) },
    plainObjects,
  ),
  fc.record({ kind: fc.constant('draining' as const), connections: count }, plainObjects),
  fc.record({ kind: fc.constant('upstreams' as const), site: fc.constant('s'.repeat(100)) }, plainObjects),
);
test('what is encoded is decoded, in one line that root reads', () => {
  fc.assert(
    fc.property(facts, fact => {
      const line = encodeFact(fact);
      assert.equal(line.indexOf('\n'), line.length - 1);
      assert.ok(line.length <= factLimit);
      assert.deepEqual(decodeFact(line.slice(0, -1)), fact);
    }),
  );
});

test('nothing makes decoding throw, and what it gives is a fact', () => {
  const lines = fc.oneof(
    fc.string(),
    fc.json(),
    facts.map(encodeFact).map(line => line.slice(1)),
  );
  fc.assert(
    fc.property(lines, line => {
      const fact = decodeFact(line);
      if (fact?.kind === 'draining')
        assert.ok(Number.isSafeInteger(fact.connections) && fact.connections >= 0);
    }),
  );
});
