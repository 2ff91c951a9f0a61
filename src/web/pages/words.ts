// Numbers, times and addresses as the pages write them. Pure but for the machine's time zone.

/** "3.4 MB"; null: "". */
export function bytes(value: number | null): string {
  if (value === null) return '';
  if (value < 1000 * 1000) return `${Math.round(value / 1000)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/** Three digits at most: "0.3", "12", "1200". */
export function number(value: number | null): string {
  if (value === null) return '';
  return value > 0 && value < 10 ? String(Number(value.toPrecision(2))) : String(Math.round(value));
}

/** "12 ms", "1.2 s". */
export function milliseconds(value: number | null): string {
  if (value === null) return '';
  return value < 1000 ? `${number(value)} ms` : `${number(value / 1000)} s`;
}

/** "2026-11-28 10:51:25" on this machine's clock. `time`: ISO 8601, or a Unix time in milliseconds. */
export function moment(time: string | number): string {
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "in 12 days", "3 days ago". `seconds`: a Unix time. `now`: milliseconds. */
export function untilDay(seconds: number, now: number): string {
  const days = Math.floor((seconds - now / 1000) / 86_400);
  if (days < 0) return `${-days} ${days === -1 ? 'day' : 'days'} ago`;
  return days === 1 ? 'in 1 day' : `in ${days} days`;
}

/** The address of a program's page, or of something below it. */
export function at(name: string, below = ''): string {
  return `/programs/${encodeURIComponent(name)}${below === '' ? '' : `/${below}`}`;
}
