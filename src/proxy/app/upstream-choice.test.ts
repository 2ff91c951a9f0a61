import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answered, choose, failed, fresh, isIn, type Standing } from './upstream-choice.ts';

const [first, most] = [1000, 30_000];
const usual = { now: 10_000, tried: null, mayTryOut: true, from: 0 };
const busy = (active: number): Standing => ({ ...fresh, active });
const out = (outUntil: number, rest: Partial<Standing> = {}): Standing => ({
  ...fresh,
  failures: 1,
  outUntil,
  ...rest,
});

test('the one with the fewest requests is taken, and equals take turns', () => {
  assert.equal(choose([busy(3), busy(1), busy(2)], usual), 1);
  assert.deepEqual(
    [0, 1, 2, 3].map(from => choose([busy(1), busy(1), busy(1)], { ...usual, from })),
    [0, 1, 2, 0],
  );
});

test('one whose time out is over is tried out by one request, of those that may be repeated', () => {
  const all = [busy(0), out(9000)];
  assert.equal(choose(all, usual), 1);
  assert.equal(choose(all, { ...usual, mayTryOut: false }), 0);
  assert.equal(choose([busy(0), out(9000, { isTried: true })], usual), 0);
  assert.equal(choose([busy(0), out(9000, { isIll: true })], usual), 0);
  assert.equal(choose([busy(0), out(11_000)], usual), 0);
});

test('where all are left out, each is asked once, the one that comes back first before the others', () => {
  const all = [out(13_000), out(11_000, { isIll: true }), out(12_000)];
  assert.equal(choose(all, usual), 2);
  assert.equal(choose(all, { ...usual, tried: new Set([2]) }), 0);
  assert.equal(choose(all, { ...usual, tried: new Set([0, 2]) }), 1);
  assert.equal(choose(all, { ...usual, tried: new Set([0, 1, 2]) }), null);
});

test('who fails again and again is left out for longer, up to a bound; many failures at once count once', () => {
  let one = fresh;
  const waits: number[] = [];
  for (let at = 0; waits.length < 7; ) {
    one = failed(one, at, first, most);
    waits.push(one.outUntil - at);
    assert.equal(failed(one, at, first, most), one);
    at = one.outUntil;
    one = { ...one, isTried: true };
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.deepEqual(answered(one), fresh);
});

const standing = fc.record({
  active: fc.nat(5),
  failures: fc.nat(3),
  outUntil: fc.nat(20_000),
  isTried: fc.boolean(),
  isIll: fc.boolean(),
});
const choice = fc.record({
  now: fc.nat(20_000),
  tried: fc.option(fc.uniqueArray(fc.nat(6)).map(places => new Set(places))),
  mayTryOut: fc.boolean(),
  from: fc.nat(6),
});

test('whatever has happened, every request finds each upstream once, and never one that is out while another is in', () => {
  fc.assert(
    fc.property(fc.array(standing, { maxLength: 7 }), choice, (all, given) => {
      const tried = new Set(given.tried);
      const left = all.filter((_, place) => !tried.has(place)).length;
      let found = 0;
      for (let place = choose(all, given); place !== null; place = choose(all, { ...given, tried })) {
        const one = all[place];
        assert.ok(one !== undefined && !tried.has(place));
        const others = all.filter((other, at) => !tried.has(at) && isIn(other));
        if (!isIn(one) && others.length > 0)
          assert.ok(given.mayTryOut && one.outUntil <= given.now && !one.isTried && !one.isIll);
        if (isIn(one)) assert.ok(others.every(({ active }) => one.active <= active));
        tried.add(place);
        found++;
      }
      assert.equal(found, left);
    }),
  );
});
