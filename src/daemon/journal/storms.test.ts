import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Happening } from '../../model/happenings.ts';
import { capacity } from './ring.ts';
import { calm, forgotten, type Kept, Storms } from './storms.ts';

const running = (name: string): Happening => ({ kind: 'running', name, cause: '' });
const fatal = (name: string): Happening => ({ kind: 'fatal', name, cause: '' });

test('what happens seldom is kept, all of it', () => {
  const storms = new Storms();
  for (let n = 0; n < 100; n++)
    assert.equal(storms.offer(running('a'), n * forgotten).length, 1, `the ${n}th in ${n} hours`);
  assert.equal(storms.next(), null);
});

test('of a storm the first are kept, then each time that there were twice as many, and at last the last word', () => {
  const storms = new Storms();
  const kept: [number, number][] = [];
  for (let n = 1; n <= 100; n++)
    for (const { repeated } of storms.offer(running('a'), n * 1000)) kept.push([n, repeated]);
  assert.deepEqual(kept, [
    ...Array.from({ length: 16 }, (_, at): [number, number] => [at + 1, 0]),
    [32, 15],
    [64, 31],
  ]);
  assert.equal(storms.next(), 100_000 + calm);
  assert.deepEqual(storms.settle(100_000 + calm - 1), []);
  assert.deepEqual(storms.settle(100_000 + calm), [{ happening: running('a'), at: 100_000, repeated: 35 }]);
  assert.equal(storms.next(), null);
});

test('one program in a storm hides neither another nor its own FATAL', () => {
  const storms = new Storms();
  for (let n = 0; n < 1000; n++) storms.offer(running('a'), n);
  assert.equal(storms.offer(running('b'), 1000).length, 1);
  assert.equal(storms.offer(fatal('a'), 1000).length, 1);
});

test('a day of 200 programs that crash every 30 seconds leaves room for all else', () => {
  const storms = new Storms();
  let lines = 0;
  for (let at = 0; at < 86_400_000; at += 30_000)
    for (let program = 0; program < 200; program++)
      for (const kind of ['starting', 'running'] as const)
        lines += storms.offer({ kind, name: `p${program}`, cause: '' }, at).length;
  assert.ok(lines < capacity / 2, `${lines} lines`);
});

test('nothing is lost or told twice: what is kept counts all that was offered, and the last word is among it', () => {
  const offers = fc.array(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('running' as const, 'stopping' as const, 'fatal' as const),
      wait: fc.oneof(fc.nat(2000), fc.nat(2 * calm), fc.constant(forgotten)),
    }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(offers, list => {
      const storms = new Storms();
      const kept: Kept[] = [];
      let at = 0;
      const last = new Map<string, number>();
      for (const { name, kind, wait } of list) {
        at += wait;
        kept.push(...storms.offer({ kind, name, cause: '' }, at));
        last.set(kind === 'fatal' ? `${name} fatal` : name, at);
      }
      kept.push(...storms.flush());
      assert.equal(
        kept.reduce((sum, { repeated }) => sum + 1 + repeated, 0),
        list.length,
      );
      for (const [key, when] of last) {
        const [name, isFatal] = key.split(' ');
        assert.ok(
          kept.some(
            one =>
              one.at === when &&
              one.happening.name === name &&
              (one.happening.kind === 'fatal') === (isFatal !== undefined),
          ),
          `the last of ${key}`,
        );
      }
      assert.equal(storms.next(), null);
    }),
  );
});
