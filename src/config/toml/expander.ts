// Expansions in the keys of a program. A failed expansion is reported at its key.

import { expand, type Names } from '../../words/expansion.ts';
import { report, type Scope } from './table.ts';
import { wordsOf } from './value-process.ts';

/** The expanded text; null: it cannot be expanded, which is reported. `variable`: the environment variable whose value this is. Its
 *  value is not shown, since it may be a password. */
export type Expander = (key: string, written: string, variable?: string) => string | null;

export function expander(scope: Scope, names: Names): Expander {
  return (key, written, variable) => {
    const expanded = expand(written, names);
    if (expanded.ok) return expanded.text;
    report(
      scope,
      [key],
      `cannot expand ${variable === undefined ? `${key} = ${JSON.stringify(written)}` : `${variable} in ${key}`}: ${expanded.reason}`,
      'write %% for a percent sign',
    );
    return null;
  };
}

export function expandAll(
  pairs: Readonly<Record<string, string>>,
  text: (written: string, name: string) => string | null,
) {
  return Object.fromEntries(
    Object.entries(pairs).map(([name, written]) => [name, text(written, name) ?? '']),
  );
}

export function prefixed(environment: Readonly<Record<string, string>>): Names {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [`ENV_${name}`, value]));
}

/** Expands a text and then splits it into words, as Supervisor does. A list is expanded word by word. */
export function commandOf(
  scope: Scope,
  written: string | readonly string[] | undefined,
  text: Expander,
): readonly string[] | null {
  if (written === undefined) return null;
  const expanded =
    typeof written === 'string' ? text('command', written) : written.map(word => text('command', word));
  if (expanded === null || (Array.isArray(expanded) && expanded.includes(null))) return null;
  const words = wordsOf(expanded as string | readonly string[]);
  if (!words.ok) {
    report(
      scope,
      ['command'],
      `cannot use command = ${JSON.stringify(written)}: ${words.reason}`,
      'close the quote',
    );
    return null;
  }
  if (words.value.length > 0 && words.value[0] !== '') return words.value;
  report(scope, ['command'], 'cannot use command: it is empty', 'command = "/usr/bin/env sleep 60"');
  return null;
}
