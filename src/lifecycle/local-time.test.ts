import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { lastTimeOfDay, nextTimeOfDay, timeOfDayText } from './local-time.ts';

const utc = (text: string) => Date.parse(text);
const iso = (at: number) => new Date(at).toISOString();

before(() => {
  // A file of tests is a process of its own.
  process.env['TZ'] = 'Europe/Berlin';
});

test('the next one is today or tomorrow, never now', () => {
  assert.equal(iso(nextTimeOfDay(240, utc('2026-01-10T02:59:59Z'))), '2026-01-10T03:00:00.000Z');
  assert.equal(iso(nextTimeOfDay(240, utc('2026-01-10T03:00:00Z'))), '2026-01-11T03:00:00.000Z');
  assert.equal(iso(nextTimeOfDay(0, utc('2026-12-31T22:59:00Z'))), '2026-12-31T23:00:00.000Z');
});

test('the last one may be now', () => {
  assert.equal(iso(lastTimeOfDay(240, utc('2026-01-10T03:00:00Z'))), '2026-01-10T03:00:00.000Z');
  assert.equal(iso(lastTimeOfDay(240, utc('2026-01-10T02:59:59Z'))), '2026-01-09T03:00:00.000Z');
});

test('it is the clock on the wall that counts: a day of 23 hours, and one of 25', () => {
  assert.equal(iso(nextTimeOfDay(240, utc('2026-03-28T04:00:00Z'))), '2026-03-29T02:00:00.000Z');
  assert.equal(iso(nextTimeOfDay(240, utc('2026-10-24T04:00:00Z'))), '2026-10-25T03:00:00.000Z');
});

test('a time that the clock skips is an hour later that day; one that it shows twice is once, at first', () => {
  const skipped = nextTimeOfDay(150, utc('2026-03-28T12:00:00Z'));
  assert.equal(iso(skipped), '2026-03-29T01:30:00.000Z');
  assert.equal(iso(nextTimeOfDay(150, skipped)), '2026-03-30T00:30:00.000Z');
  const twice = nextTimeOfDay(150, utc('2026-10-24T12:00:00Z'));
  assert.equal(iso(twice), '2026-10-25T00:30:00.000Z');
  assert.equal(iso(nextTimeOfDay(150, twice)), '2026-10-26T01:30:00.000Z');
});

test('through four years, each next is after, within 25 hours, and is the last of itself', () => {
  let at = utc('2024-01-01T00:00:00Z');
  for (let days = 0; days < 1461; days += 1) {
    const next = nextTimeOfDay(150, at);
    assert.ok(next > at && next - at <= 26 * 3_600_000, iso(at));
    assert.equal(lastTimeOfDay(150, next), next);
    assert.equal(lastTimeOfDay(150, next + 60_000), next);
    at = next;
  }
});

test('it is said as it is written', () => {
  assert.equal(timeOfDayText(240), '04:00');
  assert.equal(timeOfDayText(1439), '23:59');
});
