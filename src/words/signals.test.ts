import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSignal } from './signals.ts';

test('a signal may be named with or without SIG, in any case, or by its number', () => {
  for (const value of ['TERM', 'SIGTERM', 'term', 'SigTerm', '15', 15])
    assert.equal(parseSignal(value), 'SIGTERM');
});

test('what this machine has no signal for is refused', () => {
  for (const value of ['', 'SIG', 'TREM', 'constructor', 0, 99, 1.5]) assert.equal(parseSignal(value), null);
});
