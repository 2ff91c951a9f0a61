// The wall clock as texts, made once a second however many requests ask.

import { formatHttpDate } from './http/http-date.ts';
import { localTime } from './log/access-log-line.ts';

let second = -1;
let httpDate = '';
let logTime = '';

function refresh(): void {
  const now = Math.floor(Date.now() / 1000);
  if (now === second) return;
  second = now;
  httpDate = formatHttpDate(now);
  logTime = localTime(new Date(now * 1000));
}

/** The time as the Date field has it. */
export function dateNow(): string {
  refresh();
  return httpDate;
}

/** The time as the access log has it. */
export function logTimeNow(): string {
  refresh();
  return logTime;
}
