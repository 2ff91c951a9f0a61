import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { acceptedCodings, type Coding } from './accept-encoding.ts';

const both: readonly Coding[] = ['br', 'gzip'];

test('what is listed is accepted, br before gzip at equal weights', () => {
  const cases: readonly (readonly [string | null, readonly Coding[]])[] = [
    [null, []],
    ['', []],
    ['gzip', ['gzip']],
    ['gzip, deflate, br, zstd', ['br', 'gzip']],
    ['GZip,BR;Q=1.0', ['br', 'gzip']],
    ['gzip;q=1.0, br;q=0.9', ['gzip', 'br']],
    ['gzip ; q=0.5 ,\tbr; q=0.500', ['br', 'gzip']],
    ['x-gzip', ['gzip']],
    ['deflate', []],
    ['gzipped, notbr', []],
  ];
  for (const [header, wanted] of cases) assert.deepEqual(acceptedCodings(header, both), wanted, `${header}`);
});

test('a weight of nothing is a refusal, also against a star', () => {
  assert.deepEqual(acceptedCodings('gzip;q=0', both), []);
  assert.deepEqual(acceptedCodings('gzip;q=0.000, br', both), ['br']);
  assert.deepEqual(acceptedCodings('br;q=0, *', both), ['gzip']);
  assert.deepEqual(acceptedCodings('*;q=0', both), []);
  assert.deepEqual(acceptedCodings('gzip, *;q=0', both), ['gzip']);
});

test('a star stands for what is not listed', () => {
  assert.deepEqual(acceptedCodings('*', both), ['br', 'gzip']);
  assert.deepEqual(acceptedCodings('gzip, *;q=0.1', both), ['gzip', 'br']);
});

test('a client that would rather have the file as it is gets it', () => {
  assert.deepEqual(acceptedCodings('identity, gzip;q=0.5', both), []);
  assert.deepEqual(acceptedCodings('identity;q=0.5, gzip;q=0.5, br;q=0.4', both), ['gzip']);
  assert.deepEqual(acceptedCodings('identity;q=0, gzip;q=0.1', both), ['gzip']);
});

test('what is no weight takes its member with it, and only that', () => {
  for (const bad of ['gzip;q=2', 'gzip;q=-1', 'gzip;q=', 'gzip;q=0.1234', 'gzip;level=9', 'gzip;q=1;q=1'])
    assert.deepEqual(acceptedCodings(`${bad}, br`, both), ['br'], bad);
});

test('whatever is sent, only what is there is chosen, once, and never what was refused', () => {
  const member = fc.tuple(
    fc.constantFrom('gzip', 'br', 'x-gzip', '*', 'identity', 'deflate', '', 'GZIP', ' br'),
    fc.constantFrom('', ';q=0', ';q=0.5', ';q=1', '; q=0.001', ';q=x', ';', ';;'),
  );
  const list = fc.array(member).map(members => members.map(parts => parts.join('')).join(','));
  fc.assert(
    fc.property(fc.oneof(list, fc.string()), fc.subarray([...both]), (header, available) => {
      const chosen = acceptedCodings(header, available);
      assert.equal(new Set(chosen).size, chosen.length);
      for (const coding of chosen) {
        assert.ok(available.includes(coding));
        assert.ok(header.includes('*') || header.toLowerCase().includes(coding));
      }
      assert.deepEqual(acceptedCodings(`br;q=0,gzip;q=0,${header}`, available), []);
    }),
  );
});
