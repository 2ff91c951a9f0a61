// Values of Supervisor's keys that hostd cannot take as Supervisor's converters (words/datatypes.ts) read them. Each throws a PythonError.

import { keyValuePairs, octal } from '../../words/datatypes.ts';
import { format, type Names, PythonError } from '../../words/python.ts';
import { parseSignal } from '../../words/signals.ts';

/** The bits of a umask. */
export function umask(text: string): number {
  const bits = octal(text);
  if (bits < 0) throw new PythonError(`"${text}" is no octal number`);
  return bits;
}

export function signal(text: string): NodeJS.Signals {
  const found = parseSignal(text.trim());
  if (found === null) throw new PythonError(`"${text}" is no signal`);
  return found;
}

/** environment=: expanded, then read. */
export function environmentPairs(text: string, expansions: Names): Readonly<Record<string, string>> {
  return pairsOf(format(text, expansions));
}

/** Stands for the value of a variable that is not known here. No file has this word. */
const unknownWord = 'hostd_does_not_know_this_';

/**
 * The same, without the variables that hostd cannot have: those made from an unknown %(ENV_X)s, and those with a name that no
 * shell accepts. `without` is called for each. `isTwice`: the text is expanded twice.
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
  return Object.fromEntries(keyValuePairs(expanded));
}
