// Numbers in few characters, for people. Pure. What is not known is a dash.

export function bytes(value: number | null): string {
  if (value === null) return '-';
  const units = ['', 'K', 'M', 'G', 'T'];
  let [number, unit] = [value, 0];
  for (; number >= 999.5 && unit < units.length - 1; unit += 1) number /= 1024;
  return `${short(number)}${units[unit]}`;
}

/** Milliseconds. */
export function time(ms: number | null): string {
  if (ms === null) return '-';
  if (ms === Number.POSITIVE_INFINITY) return '>10s';
  return ms < 999.5 ? `${short(ms)}ms` : `${short(ms / 1000)}s`;
}

/** Something a second, or percent. */
export function rate(value: number | null): string {
  if (value === null) return '-';
  if (value >= 99_950) return `${Math.round(value / 1000)}k`;
  return value >= 99.95 || value === 0 ? String(Math.round(value)) : value.toFixed(1);
}

export function count(value: number | null): string {
  if (value === null) return '-';
  return value < 100_000
    ? String(value)
    : value < 9.95e7
      ? `${Math.round(value / 1000)}k`
      : `${Math.round(value / 1e6)}M`;
}

/** Two digits that count. */
function short(value: number): string {
  return value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
}
