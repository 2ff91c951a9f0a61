import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localTime } from '../../words/timestamp.ts';
import { parseMoment } from './moment.ts';

const now = new Date(2026, 10, 28, 12, 30, 15).getTime();

const cases: readonly [text: string, expected: number | null][] = [
  ['10m', now - 600_000],
  ['2h', now - 7_200_000],
  ['1d', now - 86_400_000],
  ['1h30m', now - 5_400_000],
  ['03:00', new Date(2026, 10, 28, 3).getTime()],
  ['3:05:06', new Date(2026, 10, 28, 3, 5, 6).getTime()],
  ['2026-11-27', new Date(2026, 10, 27).getTime()],
  ['2026-11-27 23:59', new Date(2026, 10, 27, 23, 59).getTime()],
  ['2026-11-27T23:59:30Z', Date.UTC(2026, 10, 27, 23, 59, 30)],
  ['2026-11-27T23:59:30.250+01:00', Date.UTC(2026, 10, 27, 22, 59, 30, 250)],
  ['24:00', null],
  ['2026-13-01', null],
  ['yesterday', null],
  ['10', null],
  ['', null],
];

for (const [text, expected] of cases)
  test(`${JSON.stringify(text)} is ${expected === null ? 'no moment' : localTime(expected)}`, () => {
    assert.equal(parseMoment(text, now), expected);
  });

test('a moment is shown in local time', () => {
  assert.equal(localTime(new Date(2026, 0, 2, 3, 4, 5).getTime()), '2026-01-02 03:04:05');
});
