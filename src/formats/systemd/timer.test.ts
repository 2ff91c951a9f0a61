import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendar } from './timer.ts';

test("cron's fields become calendar events", () => {
  const events = (cron: string, timezone: string | null = null) => calendar({ cron, timezone });
  assert.deepEqual(events('0 3 * * *'), ['*-*-* 03:00:00']);
  assert.deepEqual(events('*/20 8,9 * * mon-wed', 'Europe/Berlin'), [
    'Mon,Tue,Wed *-*-* 08,09:00,20,40:00 Europe/Berlin',
  ]);
  assert.deepEqual(events('@yearly'), ['*-01-01 00:00:00']);
  assert.deepEqual(events('* * * * *'), ['*-*-* *:*:00']);
  // Either day is enough.
  assert.deepEqual(events('0 0 1 * 1'), ['*-*-01 00:00:00', 'Mon *-*-* 00:00:00']);
  assert.deepEqual(events('0 0 */15 * 1'), ['Mon *-*-01,16,31 00:00:00']);
});
