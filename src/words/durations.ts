// Times as nginx writes them: seconds, or numbers with units in falling order ("1h30m", "30d"). Pure.

const units: readonly (readonly [string, number])[] = [
  ['y', 31_536_000],
  ['M', 2_592_000],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

const pattern = new RegExp(`^${units.map(([unit]) => `(?:(\\d+)${unit} ?)?`).join('')}(?:(\\d+)ms)?$`);

/** Whole seconds, rounded up, or null for anything else. "M" is a month of 30 days (nginx: Configuration file measurement units). */
export function parseDuration(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const found = text === '' ? null : pattern.exec(text);
  if (found === null) return null;
  const whole = units.reduce((sum, [, seconds], at) => sum + Number(found[at + 1] ?? 0) * seconds, 0);
  const all = whole + Math.ceil(Number(found[units.length + 1] ?? 0) / 1000);
  return Number.isSafeInteger(all) ? all : null;
}

/** The shortest exact form that nginx and hostd.toml both read: 2592000 is "30d". */
export function formatDuration(seconds: number): string {
  const found = units.find(([unit, size]) => 'dhm'.includes(unit) && seconds > 0 && seconds % size === 0);
  return found === undefined ? `${seconds}s` : `${seconds / found[1]}${found[0]}`;
}
