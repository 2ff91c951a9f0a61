// The few pieces of Python that Supervisor's configuration leans on: % formatting with names, int(), and shlex's tokens.

export class PythonError extends Error {}

export type Names = Readonly<Record<string, string | number>>;

/** `text % names`. Throws PythonError where Python would, and where the result would be a whole dictionary. */
export function format(text: string, names: Names): string {
  const pattern = /%(?:\(([^)]*)\))?([-+ #0]*)(\d*)(?:\.(\d*))?[hlL]?([\s\S]?)/g;
  return text.replace(
    pattern,
    (all, name: string | undefined, flags: string, width, precision, kind: string) => {
      if (all === '%%') return '%';
      if (name === undefined)
        throw new PythonError(`"${all}" is no expansion: a percent sign is written "%%"`);
      if (!Object.hasOwn(names, name))
        throw new PythonError(
          `"%(${name})s" cannot be expanded: Supervisor would know it from its own environment`,
        );
      return pad(convert(names[name] ?? '', kind, precision, flags, all), flags, Number(width || 0), kind);
    },
  );
}

function convert(
  value: string | number,
  kind: string,
  precision: string | undefined,
  flags: string,
  all: string,
): string {
  if (kind === 's')
    return precision === undefined ? String(value) : [...String(value)].slice(0, Number(precision)).join('');
  const radix = { d: 10, i: 10, u: 10, x: 16, X: 16, o: 8 }[kind];
  if (radix === undefined) throw new PythonError(`"${all}" is badly formatted`);
  if (typeof value !== 'number') throw new PythonError(`"${all}" is badly formatted: it wants a number`);
  const digits = Math.abs(value)
    .toString(radix)
    .padStart(Number(precision || 0), '0');
  const prefix = flags.includes('#') ? ({ x: '0x', X: '0X', o: '0o' }[kind] ?? '') : '';
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return sign + prefix + (kind === 'X' ? digits.toUpperCase() : digits);
}

function pad(text: string, flags: string, width: number, kind: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || kind === 's') return text.padStart(width);
  const sign = /^[-+ ]?/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

/** int(text), base 10. */
export function int(text: string): number {
  const digits = text.trim();
  if (!/^[+-]?\d+(?:_\d+)*$/.test(digits)) throw new PythonError(`"${text}" is no whole number`);
  return Number(digits.replaceAll('_', ''));
}

/** list(shlex.shlex(text)) of Python, not in POSIX mode, with these characters besides letters, digits and "_". */
export function shlexTokens(text: string, extra: string): readonly string[] {
  const isWord = (char: string) => /[A-Za-z0-9_]/.test(char) || extra.includes(char);
  const tokens: string[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/[ \t\r\n]/.test(char)) at++;
    else if (char === '#') at = endOfLine(text, at);
    else if (char === '"' || char === "'") {
      const end = text.indexOf(char, at + 1);
      if (end < 0) throw new PythonError('no closing quotation');
      tokens.push(text.slice(at, end + 1));
      at = end + 1;
    } else if (isWord(char)) {
      let word = '';
      // A "#" within a word swallows the rest of the line, and the word goes on after it.
      while (at < text.length && (isWord(text.charAt(at)) || /["'#]/.test(text.charAt(at)))) {
        if (text.charAt(at) === '#') at = endOfLine(text, at);
        else word += text.charAt(at++);
      }
      tokens.push(word);
    } else {
      tokens.push(char);
      at++;
    }
  }
  return tokens;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}
