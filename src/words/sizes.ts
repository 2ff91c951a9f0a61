// Sizes as people write them: bytes, or a number with one of nginx's suffixes (k, m, g) or Supervisor's (KB, MB, GB).

const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** Bytes, or null for anything else. A kilobyte has 1024 bytes; case and a blank before the suffix do not matter. */
export function parseSize(text: string): number | null {
  const found = /^(\d+)(?: ?([kmgt])b?)?$/i.exec(text);
  if (found === null) return null;
  const bytes = Number(found[1]) * 1024 ** (powers[(found[2] ?? '').toLowerCase()] ?? 0);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest exact form with nginx's suffixes: 4294967296 is "4g". */
export function formatSize(bytes: number): string {
  for (const suffix of ['g', 'm', 'k']) {
    const unit = 1024 ** (powers[suffix] ?? 0);
    if (bytes > 0 && bytes % unit === 0) return `${bytes / unit}${suffix}`;
  }
  return String(bytes);
}
