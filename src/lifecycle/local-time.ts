// Times of day on the machine's clock, daylight saving included: the next "04:00", and the last one. Pure: the time zone is the
// process's own.

/** Unix time in milliseconds of the first "HH:MM" after `after`; `minutes` after midnight, as the clock on the wall shows them. */
export function nextTimeOfDay(minutes: number, after: number): number {
  for (let day = -1; ; day += 1) {
    const at = onDay(minutes, after, day);
    if (at > after) return at;
  }
}

/** The last one at or before `before`. */
export function lastTimeOfDay(minutes: number, before: number): number {
  for (let day = 1; ; day -= 1) {
    const at = onDay(minutes, before, day);
    if (at <= before) return at;
  }
}

/** "04:00" */
export function timeOfDayText(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/**
 * The time on the day that is so many days after `near`'s. A time that the clock skips comes later by what it skips. Of a time that the
 * clock shows twice, it is the first (ECMA-262, 21.4.1.26).
 */
function onDay(minutes: number, near: number, days: number): number {
  const date = new Date(near);
  return new Date(
    date.getFullYear(),
    date.getMonth(),
    date.getDate() + days,
    Math.floor(minutes / 60),
    minutes % 60,
  ).getTime();
}
