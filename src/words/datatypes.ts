// Values of Supervisor's keys as its own converters read them (datatypes.py, 4.2.5). Each throws a PythonError, which has a message in
// hostd's words and one in Supervisor's. Pure.

import { int, latinDigits, PythonError, repr, shlexTokens, strip } from './python.ts';

export function boolean(text: string): boolean {
  const found = truthOf(text);
  if (found !== null) return found;
  throw new PythonError(`"${text}" is neither true nor false`, `not a valid boolean value: ${repr(text)}`);
}

function truthOf(text: string): boolean | null {
  const word = text.toLowerCase();
  if (['yes', 'true', 'on', '1'].includes(word)) return true;
  return ['no', 'false', 'off', '0'].includes(word) ? false : null;
}

export type Autorestart = 'never' | 'unexpected' | 'always';

export function autorestart(text: string): Autorestart {
  const word = text.toLowerCase();
  if (word === 'unexpected') return 'unexpected';
  const found = truthOf(word);
  if (found !== null) return found ? 'always' : 'never';
  throw new PythonError(`"${text}" is neither true nor false`, `invalid 'autorestart' value ${repr(word)}`);
}

export function listOfStrings(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(strip);
}

export function exitCodes(text: string): readonly number[] {
  const told = `not a valid list of exit codes: ${repr(text)}`;
  if (text === '') return [];
  let codes: readonly number[];
  try {
    codes = text.split(',').map(int);
  } catch (error) {
    throw error instanceof PythonError ? new PythonError(error.message, told) : error;
  }
  if (codes.every(code => code >= 0 && code <= 255)) return codes;
  throw new PythonError(`"${text}" has no exit code of 0 to 255`, told);
}

/** Bytes. */
export function byteSize(text: string): number {
  const lower = text.toLowerCase();
  const unit = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[lower.slice(-2)];
  return unit === undefined ? int(lower) : int(lower.slice(0, -2)) * unit;
}

/** A negative number is one, too. */
export function octal(text: string): number {
  const digits = latinDigits(strip(text)).replace(/^([-+]?)0[oO]_?/, '$1');
  if (!/^[-+]?[0-7]+(?:_[0-7]+)*$/.test(digits))
    throw new PythonError(`"${text}" is no octal number`, `${text} can not be converted to an octal type`);
  return Number.parseInt(digits.replaceAll('_', ''), 8);
}

/** The name of a program, a process or a group. */
export function plainName(text: string): string {
  const name = strip(text);
  const odd = [' ', ':', '/'].find(character => name.includes(character));
  if (odd === undefined) return name;
  throw new PythonError(
    `"${text}" cannot be a name: it has a blank, a colon or a slash`,
    `Invalid name: ${repr(text)} because of character: ${repr(odd)}`,
  );
}

/** environment=: cut into tokens, which are taken three by three. The fourth is a separator, whatever it is. */
export function keyValuePairs(text: string): ReadonlyMap<string, string> {
  const tokens = shlexTokens(text, '/.+-():');
  const pairs = new Map<string, string>();
  for (let at = 0; at < tokens.length; at += 4) {
    const [key, equals, value] = tokens.slice(at, at + 3);
    if (key === undefined || equals !== '=' || value === undefined)
      throw new PythonError(
        `environment ends within KEY=value after ${[...pairs.keys()].at(-1) ?? 'its beginning'}, or has something else between two of them`,
        `Unexpected end of key/value pairs in value '${text}'`,
      );
    pairs.set(key, value.replaceAll(/^['"]+|['"]+$/g, ''));
  }
  return pairs;
}
