// Values of Supervisor's keys as its own converters read them (datatypes.py, 4.2.5). Each throws a PythonError.

import { parseSignal } from '../../words/signals.ts';
import { format, int, type Names, PythonError, shlexTokens } from './python.ts';

export function boolean(text: string): boolean {
  const word = text.toLowerCase();
  if (['yes', 'true', 'on', '1'].includes(word)) return true;
  if (['no', 'false', 'off', '0'].includes(word)) return false;
  throw new PythonError(`"${text}" is neither true nor false`);
}

export function autorestart(text: string): 'never' | 'unexpected' | 'always' {
  if (text.toLowerCase() === 'unexpected') return 'unexpected';
  return boolean(text) ? 'always' : 'never';
}

export function exitcodes(text: string): readonly number[] {
  if (text === '') return [];
  const codes = text.split(',').map(int);
  if (codes.some(code => code < 0 || code > 255))
    throw new PythonError(`"${text}" has no exit code of 0 to 255`);
  return codes;
}

export function byteSize(text: string): number {
  const lower = text.toLowerCase();
  const unit = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[lower.slice(-2)];
  return unit === undefined ? int(lower) : int(lower.slice(0, -2)) * unit;
}

export function octal(text: string): number {
  const digits = text.trim().replace(/^\+?(?:0o)?/i, '');
  if (!/^[0-7]+(?:_[0-7]+)*$/.test(digits)) throw new PythonError(`"${text}" is no octal number`);
  return Number.parseInt(digits.replaceAll('_', ''), 8);
}

export function signal(text: string): NodeJS.Signals {
  const found = parseSignal(text.trim());
  if (found === null) throw new PythonError(`"${text}" is no signal`);
  return found;
}

export function names(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(name => name.trim());
}

/** Name of a program, a process or a group. */
export function plainName(text: string): string {
  const name = text.trim();
  if (/[ :/]/.test(name))
    throw new PythonError(`"${text}" cannot be a name: it has a blank, a colon or a slash`);
  return name;
}

/** environment=: expanded, cut into tokens, and taken three by three; the fourth is a separator, whatever it is. */
export function environmentPairs(text: string, expansions: Names): Readonly<Record<string, string>> {
  const tokens = shlexTokens(format(text, expansions), '/.+-():');
  const pairs: Record<string, string> = {};
  for (let at = 0; at < tokens.length; at += 4) {
    const [key, equals, value] = tokens.slice(at, at + 3);
    if (key === undefined || equals !== '=' || value === undefined)
      throw new PythonError(`"${text}" ends within KEY=value, or has something else between two of them`);
    pairs[key] = value.replace(/^['"]+|['"]+$/g, '');
  }
  return pairs;
}
