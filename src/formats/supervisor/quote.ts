// How a value is written in Supervisor's configuration so that its parser (Python's configparser with inline comments,
// then % expansion, then the key's own grammar) reads back exactly that value.

/** Expands to nothing. It hides a blank, or a character that would begin a comment, from the parser. */
const nothing = '%(program_name).0s';

/** Python's str.isspace() for what people write. */
const blank = '[\\s\\x1c-\\x1f\\x85]';

/** `expansions`: how often Supervisor 4.2.5 expands this key. Log files are expanded twice. */
export function quoteValue(value: string, expansions: 1 | 2 = 1): string {
  const percent = '%'.repeat(2 ** expansions);
  return value
    .replaceAll('%', percent)
    .split('\n')
    .map((line, index, lines) => quoteLine(line, index === lines.length - 1 && lines.length > 1))
    .join('\n    ');
}

function quoteLine(line: string, isLast: boolean): string {
  const shielded = line.replace(new RegExp(`(^|${blank})([;#])`, 'g'), `$1${nothing}$2`);
  const begins = new RegExp(`^${blank}`).test(shielded) ? nothing : '';
  const ends = new RegExp(`${blank}$`).test(shielded) || (isLast && shielded === '') ? nothing : '';
  return `${begins}${shielded}${ends}`;
}

/** Whether the file can hold the value: Python reads a carriage return as the end of a line. */
export function isExpressible(value: string): boolean {
  return !/[\r\0]/.test(value);
}

/** KEY="value" for environment=; null: its grammar cannot express the value (see environmentPairs). */
export function quotePair(name: string, value: string): string | null {
  if (!/^[A-Za-z0-9_/.+():-]+$/.test(name)) return null;
  // All quotes at both ends are removed, and there is no escape.
  const quotes = /\\/.test(value) ? ["'", '"'] : ['"', "'"];
  const quote = quotes.find(quote => !value.includes(quote));
  return quote === undefined || /^['"]|['"]$/.test(value) ? null : `${name}=${quote}${value}${quote}`;
}
