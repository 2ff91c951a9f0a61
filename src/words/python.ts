// The few pieces of Python that Supervisor's configuration and calls need: % formatting with names, int(), float(), and shlex's tokens.

/** `message` is in hostd's words, `python` in Python's. */
export class PythonError extends Error {
  readonly python: string;
  /** The unknown name in an expansion. */
  readonly unknown: string | null;

  constructor(message: string, python = message, unknown: string | null = null) {
    super(message);
    this.python = python;
    this.unknown = unknown;
  }
}

export type Names = Readonly<Record<string, string | number>>;

/** The text between a percent sign and the end of its expansion. */
interface Spec {
  /** null: no name in parentheses. */
  readonly name: string | null;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | null;
  readonly kind: string;
  /** Index of `kind`, in characters. */
  readonly at: number;
}

/**
 * `text % names` of Python 3. An expansion without a name means the whole of `names`, as in Python. `whole` makes a text of it.
 * @throws PythonError where Python throws.
 */
export function format(text: string, names: Names, whole: 'refused' | 'repr' = 'refused'): string {
  const chars = [...text];
  let out = '';
  // A value can be used once. A name in parentheses gives the next one.
  let given: string | number | Names | null = names;
  for (let at = 0; at < chars.length; ) {
    if (chars[at] !== '%') {
      out += chars[at++];
      continue;
    }
    if (chars[at + 1] === '%') {
      out += '%';
      at += 2;
      continue;
    }
    const spec = readSpec(chars, at, name => {
      given = Object.hasOwn(names, name) ? (names[name] ?? '') : noSuch(name);
    });
    const written = chars.slice(at, spec.at + 1).join('');
    if (given === null)
      throw new PythonError(`"${written}" is badly formatted`, 'not enough arguments for format string');
    const value: string | number | Names = given;
    given = null;
    at = spec.at + 1;
    if (typeof value === 'object' && whole === 'refused')
      throw new PythonError(`"${written}" is no expansion: a percent sign is written "%%"`);
    out += pad(convert(value, spec, written), spec);
  }
  return out;
}

function noSuch(name: string): never {
  const why = name.startsWith('ENV_')
    ? 'Supervisor would know it from its own environment'
    : 'Supervisor knows no such name. Is the file a template, and another one made of it?';
  throw new PythonError(`"%(${name})s" cannot be expanded: ${why}`, repr(name), name);
}

function readSpec(chars: readonly string[], start: number, named: (name: string) => void): Spec {
  let at = start + 1;
  const bad = (python: string) => {
    const written = chars.slice(start, at + 1).join('');
    return new PythonError(`"${written}" is no expansion: a percent sign is written "%%"`, python);
  };
  let name: string | null = null;
  if (chars[at] === '(') {
    let depth = 1;
    const from = at + 1;
    for (at++; at < chars.length && depth > 0; at++)
      depth += chars[at] === '(' ? 1 : chars[at] === ')' ? -1 : 0;
    if (depth > 0) throw bad('incomplete format key');
    name = chars.slice(from, at - 1).join('');
    named(name);
  }
  const run = (which: RegExp) => {
    const from = at;
    while (at < chars.length && which.test(chars[at] ?? '')) at++;
    return chars.slice(from, at).join('');
  };
  const flags = run(/[-+ #0]/);
  if (chars[at] === '*') throw bad('* wants int');
  const width = Number(run(/\d/) || 0);
  let precision: number | null = null;
  if (chars[at] === '.') {
    at++;
    if (chars[at] === '*') throw bad('* wants int');
    precision = Number(run(/\d/) || 0);
  }
  if (/[hlL]/.test(chars[at] ?? '')) at++;
  const kind = chars[at];
  if (kind === undefined) throw bad('incomplete format');
  return { name, flags, width, precision, kind, at };
}

function convert(value: string | number | Names, spec: Spec, written: string): string {
  const { kind, precision, flags, at } = spec;
  const type = typeof value === 'number' ? 'int' : typeof value === 'string' ? 'str' : 'dict';
  const bad = (python: string, why = '') => new PythonError(`"${written}" is badly formatted${why}`, python);
  if (/^[sra]$/.test(kind)) {
    const text =
      typeof value === 'object'
        ? reprOf(value)
        : kind === 's' || typeof value === 'number'
          ? String(value)
          : repr(value, kind === 'a');
    return precision === null ? text : [...text].slice(0, precision).join('');
  }
  if (kind === 'c') {
    if (typeof value === 'number') return String.fromCodePoint(value);
    if (typeof value === 'string' && [...value].length === 1) return value;
    throw bad('%c requires int or char');
  }
  const sign = (of: number) => (of < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '');
  if (/^[eEfFgG]$/.test(kind)) {
    if (typeof value !== 'number') throw bad(`must be real number, not ${type}`, ': it wants a number');
    const digits = precision ?? 6;
    const size = Math.abs(value);
    const text = /[fF]/.test(kind)
      ? size.toFixed(digits)
      : /[eE]/.test(kind)
        ? size.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
        : String(Number(size.toPrecision(digits || 1)));
    return sign(value) + (kind === 'E' ? text.toUpperCase() : text);
  }
  const radix = { d: 10, i: 10, u: 10, x: 16, X: 16, o: 8 }[kind];
  if (radix === undefined) {
    const code = kind.codePointAt(0) ?? 0;
    const shown = code >= 31 && code <= 126 ? kind : '?';
    throw bad(`unsupported format character '${shown}' (0x${code.toString(16)}) at index ${at}`);
  }
  if (typeof value !== 'number')
    throw bad(
      `%${kind} format: ${radix === 10 ? 'a real number' : 'an integer'} is required, not ${type}`,
      ': it wants a number',
    );
  const digits = Math.abs(value)
    .toString(radix)
    .padStart(precision ?? 0, '0');
  const prefix = flags.includes('#') ? ({ x: '0x', X: '0X', o: '0o' }[kind] ?? '') : '';
  return sign(value) + prefix + (kind === 'X' ? digits.toUpperCase() : digits);
}

function pad(text: string, { flags, width, kind }: Spec): string {
  const lacking = Math.max(0, width - [...text].length);
  if (flags.includes('-')) return text + ' '.repeat(lacking);
  if (!flags.includes('0') || /^[srac]$/.test(kind)) return ' '.repeat(lacking) + text;
  const sign = /^[-+ ]?(?:0[xXo])?/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(lacking) + text.slice(sign.length);
}

/** repr(text): Python's choice of quotes, and escapes for what it would not print. `ascii`: escapes for all but ASCII. */
export function repr(text: string, ascii = false): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const named: Record<string, string> = {
    '\\': '\\\\',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    [quote]: `\\${quote}`,
  };
  const escaped = (char: string) => {
    const code = char.codePointAt(0) ?? 0;
    const hex = (digits: number) => code.toString(16).padStart(digits, '0');
    return code < 256 ? `\\x${hex(2)}` : code < 65_536 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
  };
  const one = (char: string) => (char === ' ' ? char : (named[char] ?? escaped(char)));
  const odd = new RegExp(`[\\\\\\n\\r\\t${quote}\\p{C}\\p{Z}${ascii ? '\\u{7f}-\\u{10ffff}' : ''}]`, 'gu');
  return quote + text.replace(odd, one) + quote;
}

/** repr() of a dictionary. */
function reprOf(names: Names): string {
  const pairs = Object.entries(names).map(
    ([name, value]) => `${repr(name)}: ${typeof value === 'number' ? value : repr(value)}`,
  );
  return `{${pairs.join(', ')}}`;
}

/** The characters of str.isspace() and \s, for a class of a regular expression. JavaScript also has U+FEFF, and Python the four separators. */
export const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const ends = new RegExp(`^[${space}]+|[${space}]+$`, 'g');

/** str.strip(). */
export function strip(text: string): string {
  return text.replace(ends, '');
}

/** Characters of a text's repr that int() shows in its message. */
const longestShown = 200;

/** int(text), base 10; digits of any script are digits. */
export function int(text: string): number {
  const digits = latinDigits(text.trim());
  if (!/^[+-]?\d+(?:_\d+)*$/.test(digits))
    throw new PythonError(
      `"${text}" is no whole number`,
      `invalid literal for int() with base 10: ${[...repr(text)].slice(0, longestShown).join('')}`,
    );
  return Number(digits.replaceAll('_', ''));
}

/** float(text); null: ValueError. */
export function float(text: string): number | null {
  const written = latinDigits(strip(text)).toLowerCase();
  const special = /^([+-]?)(?:(inf|infinity)|nan)$/.exec(written);
  if (special !== null)
    return special[2] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  const digits = '\\d+(?:_\\d+)*';
  const form = new RegExp(`^[+-]?(?:${digits}(?:\\.(?:${digits})?)?|\\.${digits})(?:e[+-]?${digits})?$`);
  return form.test(written) ? Number(written.replaceAll('_', '')) : null;
}

/** Digits of any script as 0 to 9. */
export function latinDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, digit => String(digitOf(digit)));
}

/** The value of a decimal digit in any script. */
function digitOf(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++;
  return value;
}

/** list(shlex.shlex(text)) of Python, not in POSIX mode. `extra`: characters of words besides letters, digits and "_". */
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
      if (end < 0) throw new PythonError('no closing quotation', 'No closing quotation');
      tokens.push(text.slice(at, end + 1));
      at = end + 1;
    } else if (isWord(char)) {
      let word = '';
      // A "#" within a word drops the rest of the line, and the word goes on after it.
      while (at < text.length && (isWord(text.charAt(at)) || /["'#]/.test(text.charAt(at)))) {
        if (text.charAt(at) === '#') at = endOfLine(text, at);
        else word += text.charAt(at++);
      }
      tokens.push(word);
    } else {
      const whole = String.fromCodePoint(text.codePointAt(at) ?? 0);
      tokens.push(whole);
      at += whole.length;
    }
  }
  return tokens;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}
