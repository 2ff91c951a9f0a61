// When the minutes of a schedule come, by the clock of a time zone. croner reckons; it is loaded with the first schedule, and the
// tables of time zones (7 MB) with the first that names one.
//
// A time that the clock leaps over in spring comes as soon as it has leapt. Of an hour that comes twice in autumn, a job at a
// fixed hour runs once, in the first; one of every hour or every few minutes goes on.

import { createRequire } from 'node:module';
import type { Cron as Croner } from 'croner';
import { type Cron, readCron } from './cron.ts';

/** The first time after this one, both Unix times in milliseconds; null: there is none. */
export type Timetable = (after: number) => number | null;

let loaded: typeof Croner | undefined;

/** @throws Error for what readCron and isZone would not have taken. `timezone` null: the machine's. */
export function timetable(text: string, timezone: string | null): Timetable {
  const read = readCron(text);
  if (!read.ok) throw new Error(`${JSON.stringify(text)}: ${read.reason}`);
  loaded ??= (createRequire(import.meta.url)('croner') as { Cron: typeof Croner }).Cron;
  const zone = timezone === null ? {} : { timezone };
  const job = new loaded(plain(read.cron), {
    paused: true,
    mode: '5-part',
    domAndDow: read.cron.both,
    ...zone,
  });
  return after => job.nextRun(new Date(after))?.getTime() ?? null;
}

/** Whether there is a time zone of that name, such as "Europe/Berlin". */
export function isZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

function plain({ minutes, hours, days, months, weekdays }: Cron): string {
  return [minutes, hours, days, months, weekdays].map(values => values?.join(',') ?? '*').join(' ');
}
