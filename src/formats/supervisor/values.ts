// Values of Supervisor's keys as its own converters read them (datatypes.py, 4.2.5). Each throws a PythonError.

import { format, int, type Names, PythonError, shlexTokens } from '../../words/python.ts';
import { parseSignal } from '../../words/signals.ts';

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
  return pairsOf(format(text, expansions));
}

/** A word that stands for the value of a variable that is not known here; no file has it. */
const unknownWord = 'hostd_does_not_know_this_';

/**
 * The same, less what hostd cannot have: variables whose values are made of an %(ENV_X)s that is not known, and names that no
 * shell takes. `without` is told of each. `isTwice`: the text is expanded twice.
 */
export function knownPairs(
  text: string,
  expansions: Names,
  without: (name: string, why: string) => void,
  isTwice = false,
): Readonly<Record<string, string>> {
  const asked = [...text.matchAll(/%\(ENV_(\w+)\)/g)].map(found => found[1] ?? '');
  const unknown = asked.filter(name => !Object.hasOwn(expansions, `ENV_${name}`));
  const words = Object.fromEntries(unknown.map(name => [`ENV_${name}`, `${unknownWord}${name}_`]));
  const once = format(text, { ...words, ...expansions });
  const pairs = Object.entries(pairsOf(isTwice ? format(once, expansions) : once));
  return Object.fromEntries(
    pairs.filter(([name, value]) => {
      const of = unknown.find(word => value.includes(`${unknownWord}${word}_`));
      const why =
        of !== undefined
          ? `only Supervisor's own environment has the ${of} in it`
          : /^[A-Za-z_]\w*$/.test(name)
            ? null
            : 'no shell takes such a name';
      if (why !== null) without(name, why);
      return why === null;
    }),
  );
}

function pairsOf(expanded: string): Readonly<Record<string, string>> {
  const tokens = shlexTokens(expanded, '/.+-():');
  const pairs: Record<string, string> = {};
  for (let at = 0; at < tokens.length; at += 4) {
    const [key, equals, value] = tokens.slice(at, at + 3);
    if (key === undefined || equals !== '=' || value === undefined)
      throw new PythonError(
        `environment ends within KEY=value after ${Object.keys(pairs).at(-1) ?? 'its beginning'}, or has something else between two of them`,
      );
    pairs[key] = value.replace(/^['"]+|['"]+$/g, '');
  }
  return pairs;
}
