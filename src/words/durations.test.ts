import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './durations.ts';

test('times are read as nginx reads them', () => {
  for (const [text, seconds] of [
    ['60', 60],
    ['60s', 60],
    ['1m', 60],
    ['1M', 2_592_000],
    ['1h30m', 5400],
    ['1d 12h', 129_600],
    ['1y', 31_536_000],
    ['500ms', 1],
    ['', null],
    ['m', null],
    ['30m1h', null],
    ['-1', null],
    ['max', null],
    ['@15h', null],
  ] as const)
    assert.equal(parseDuration(text), seconds, text);
});

test('what is written is read again as the same', () => {
  for (const seconds of [0, 1, 60, 90, 3600, 86_400, 604_800, 2_592_000])
    assert.equal(parseDuration(formatDuration(seconds)), seconds);
  assert.deepEqual([60, 90, 2_592_000].map(formatDuration), ['1m', '90s', '30d']);
});
