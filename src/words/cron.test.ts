import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeant, readCron } from './cron.ts';

const any = { minutes: null, hours: null, days: null, months: null, weekdays: null, both: true };

test('five fields, names, ranges, steps and nicknames are read as cron reads them', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['* * * * *', any],
    ['0 3 * * *', { ...any, minutes: [0], hours: [3] }],
    ['*/20 8-10 * * mon-FRI', { ...any, minutes: [0, 20, 40], hours: [8, 9, 10], weekdays: [1, 2, 3, 4, 5] }],
    ['5/25 0 1,15 JAN *', { ...any, minutes: [5, 30, 55], hours: [0], days: [1, 15], months: [1] }],
    ['0 0 1 * 7', { ...any, minutes: [0], hours: [0], days: [1], weekdays: [0], both: false }],
    [
      '0 0 */2 * 1',
      {
        minutes: [0],
        hours: [0],
        days: [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31],
        months: null,
        weekdays: [1],
        both: true,
      },
    ],
    ['0 0 * * 5-7', { ...any, minutes: [0], hours: [0], weekdays: [0, 5, 6] }],
    ['0-59 * * * 0-7', any],
    [' @Daily ', { ...any, minutes: [0], hours: [0] }],
    ['@yearly', { ...any, minutes: [0], hours: [0], days: [1], months: [1] }],
    ['0 0 29 2 *', { ...any, minutes: [0], hours: [0], days: [29], months: [2] }],
    ['0 0 31 2 1', { minutes: [0], hours: [0], days: [31], months: [2], weekdays: [1], both: false }],
  ];
  for (const [text, cron] of cases) assert.deepEqual(readCron(text), { ok: true, cron }, text);
});

test('what is no schedule is refused, with the field and its bounds', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['0 3 * *', /it has 4 fields, not cron's five/],
    ['0 0 3 * * *', /it has 6 fields, not cron's five \(no seconds\)/],
    ['', /1 field,/],
    ['60 * * * *', /minute "60": "60" is not 0 to 59/],
    ['* 24 * * *', /hour "24"/],
    ['* * 0 * *', /day of the month "0": "0" is not 1 to 31/],
    ['* * * 13 *', /month "13".*a name such as "feb"/],
    ['* * * * 8', /day of the week "8"/],
    ['5-1 * * * *', /"5-1" goes backwards/],
    ['*/0 * * * *', /no step "\/0"/],
    ['1-2-3 * * * *', /"1-2-3"/],
    ['0 0 L * *', /"l" is not 1 to 31/],
    ['0 0 31 2 *', /no month of those has such a day/],
    ['0 0 31 4,6 *', /no month of those has such a day/],
    ['@reboot', /@reboot is no time/],
    ['@dayly', /did you mean @daily/],
  ];
  for (const [text, reason] of cases) {
    const read = readCron(text);
    assert.ok(!read.ok, text);
    assert.match(read.reason, reason);
  }
});

test('of the two kinds of days one is enough where both are given', () => {
  const at = (text: string, day: number, weekday: number) => {
    const read = readCron(text);
    return read.ok && isMeant(read.cron, { minute: 0, hour: 0, day, month: 6, weekday });
  };
  assert.deepEqual(
    [at('0 0 1 * 1', 1, 3), at('0 0 1 * 1', 2, 1), at('0 0 1 * 1', 2, 2)],
    [true, true, false],
  );
  assert.deepEqual([at('0 0 */2 * 1', 3, 1), at('0 0 */2 * 1', 3, 2)], [true, false]);
});
