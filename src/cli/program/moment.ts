// Points in time as people type them: how long ago, a time of today, a day, or both. Pure: local time comes from Date.

import { parseDuration } from '../../words/durations.ts';

/** Unix time in milliseconds of "10m" or "2h" (ago), "03:00" (today), "2026-11-28", "2026-11-28 03:00[:10]", "...Z"; null: none of these. */
export function parseMoment(text: string, now: number): number | null {
  const seconds = /[a-z]$/.test(text) && !/^\d/.test(text.slice(-1)) ? parseDuration(text) : null;
  if (seconds !== null) return now - seconds * 1000;
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock !== null) {
    const [hours, minutes, secs] = clock.slice(1).map(part => Number(part ?? 0));
    if ((hours ?? 0) > 23 || (minutes ?? 0) > 59 || (secs ?? 0) > 59) return null;
    const date = new Date(now);
    date.setHours(hours ?? 0, minutes, secs, 0);
    return date.getTime();
  }
  const day = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(
    text,
  );
  if (day === null) return null;
  const [, date = '', time = '00:00', zone = ''] = day;
  const at = Date.parse(`${date}T${time}${zone}`);
  return Number.isNaN(at) ? null : at;
}
