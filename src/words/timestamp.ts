// A moment as people read it. Pure, but for the machine's time zone.

/** As the machine's clock shows a Unix time in milliseconds: "2026-11-28 03:00:00". */
export function localTime(at: number): string {
  // Without toLocaleString, which would load ICU's tables, 7 MB.
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
