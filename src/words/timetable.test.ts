import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeant, readCron } from './cron.ts';
import { isZone, timetable } from './timetable.ts';

/** The next `count` times, as the clock on the wall shows them, with the offset from UTC. */
function times(text: string, zone: string, from: string, count: number): string[] {
  const next = timetable(text, zone);
  const wall = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = next(at) ?? Number.NaN;
    const local = wall.format(at);
    found.push(`${local.slice(5)} ${(Date.parse(`${local.replace(' ', 'T')}Z`) - at) / 3_600_000}`);
  }
  return found;
}

test('a time that the clock leaps over comes as soon as it has leapt, once', () => {
  const spring = (text: string, from: string, count: number) => times(text, 'Europe/Berlin', from, count);
  assert.deepEqual(spring('30 2 * * *', '2026-03-28T12:00Z', 2), ['03-29 03:00 2', '03-30 02:30 2']);
  assert.deepEqual(spring('0 2,3 * * *', '2026-03-28T12:00Z', 2), ['03-29 03:00 2', '03-30 02:00 2']);
  assert.deepEqual(spring('*/30 * * * *', '2026-03-29T00:00Z', 3), [
    '03-29 01:30 1',
    '03-29 03:00 2',
    '03-29 03:30 2',
  ]);
});

test('of an hour that comes twice a fixed time comes once, in the first; what runs every hour goes on', () => {
  const autumn = (text: string, from: string, count: number) => times(text, 'Europe/Berlin', from, count);
  assert.deepEqual(autumn('30 2 * * *', '2026-10-24T12:00Z', 2), ['10-25 02:30 2', '10-26 02:30 1']);
  assert.deepEqual(autumn('0 * * * *', '2026-10-24T23:30Z', 3), [
    '10-25 02:00 2',
    '10-25 02:00 1',
    '10-25 03:00 1',
  ]);
  assert.deepEqual(times('15 1 * * *', 'America/New_York', '2026-10-31T12:00Z', 2), [
    '11-01 01:15 -4',
    '11-02 01:15 -5',
  ]);
});

test('the same minutes come as a look at each minute finds', () => {
  const field = (least: number, most: number) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('*') },
      fc.integer({ min: least, max: most }).map(String),
      fc.integer({ min: 2, max: 20 }).map(step => `*/${step}`),
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    );
  const schedule = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), fc.constantFrom('*', '*', '1-6', '7-12'), field(0, 7))
    .map(fields => fields.join(' '));
  // Without daylight saving, where each minute comes once. Half a year at most is looked at.
  const begin = Date.UTC(2026, 0, 1);
  const within = fc.integer({ min: 0, max: 250_000 }).map(minutes => begin + minutes * 60_000 + 17_000);
  fc.assert(
    fc.property(schedule, within, (text, from) => {
      const read = readCron(text);
      assert.ok(read.ok);
      let naive: number | null = null;
      for (let at = Math.ceil((from + 1) / 60_000) * 60_000; at < from + 40 * 86_400_000; at += 60_000) {
        const date = new Date(at);
        const [minute, hour, day] = [date.getUTCMinutes(), date.getUTCHours(), date.getUTCDate()];
        if (
          !isMeant(read.cron, { minute, hour, day, month: date.getUTCMonth() + 1, weekday: date.getUTCDay() })
        )
          continue;
        naive = at;
        break;
      }
      const found = timetable(text, 'UTC')(from);
      if (naive === null) assert.ok(found === null || found >= from + 40 * 86_400_000, text);
      else assert.equal(found, naive, `${text} after ${new Date(from).toISOString()}`);
    }),
    { numRuns: 60 },
  );
});

test('time zones are known by their names', () => {
  assert.deepEqual(['Europe/Berlin', 'UTC', 'Europe/Berln', '+02:00', ''].map(isZone), [
    true,
    true,
    false,
    false,
    false,
  ]);
});
