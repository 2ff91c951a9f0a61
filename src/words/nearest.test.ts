import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appKeys } from '../config/toml/keys.ts';
import { distanceBetween, nearest } from './nearest.ts';

const keys = Object.keys(appKeys);

test('a slip of the keyboard finds the key that was meant', () => {
  for (const [typed, meant] of [
    ['wrokers', 'workers'],
    ['server_name', 'server_names'],
    ['grup', 'group'],
    ['Root', 'root'],
    ['stop_wait_secs', 'stopwaitsecs'],
    ['autostrat', 'autostart'],
  ] as const)
    assert.equal(nearest(typed, keys), meant);
});

test('a word that is like no key suggests none', () => {
  for (const typed of ['banana', 'x', 'kubernetes']) assert.equal(nearest(typed, keys), null);
});

test('every key is found again after one slip, unless the slip makes another key nearer', () => {
  fc.assert(
    fc.property(fc.constantFrom(...keys.filter(key => key.length > 3)), fc.nat(), (key, seed) => {
      const at = seed % key.length;
      const typed = key.slice(0, at) + key.slice(at + 1);
      const found = nearest(typed, keys);
      assert.ok(found !== null && distanceBetween(typed, found) <= 1);
    }),
  );
});

test('the distance is the same both ways, 0 only for equal words, and never above the longer length', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = distanceBetween(a, b);
      assert.equal(distance, distanceBetween(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length));
    }),
  );
});
