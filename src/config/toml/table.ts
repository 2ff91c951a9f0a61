// Reads one table by the definition of its keys: returns the right values, and a problem for everything else. Knows no key's meaning.

import type { Problem } from '../../model/problem.ts';
import { nearest } from '../../words/nearest.ts';
import { bad, type Decoded, isTable, showValue } from './decoded.ts';
import { type Key, type Keys, withoutUse } from './keys.ts';
import { decoders, type ValueKinds } from './values.ts';

/** The values of the table. A key that is missing or wrong is absent. */
export type Values<K extends Keys> = { readonly [N in keyof K]?: ValueKinds[K[N]['kind']] };

/** The place of a table, and the list for its problems. */
export interface Scope {
  readonly file: string;
  readonly key: readonly (string | number)[];
  /** The table's name for people: app "hello", [proxy]. */
  readonly title: string;
  /** The app, program or group that cannot be used because of an error; null: only the settings are affected. */
  readonly subject: string | null;
  readonly problems: Problem[];
}

/** Reports an error at `key` of the table (or at the table itself), in words that follow the table's title. */
export function report(
  scope: Scope,
  key: readonly (string | number)[],
  message: string,
  hint?: string,
): void {
  scope.problems.push({
    severity: 'error',
    message: `${scope.title}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    at: { file: scope.file, key: [...scope.key, ...key] },
    ...(scope.subject === null ? {} : { subject: scope.subject }),
  });
}

/** Whether the key's value is wrong, which is told: nobody is told besides that the key is missing. */
export function isToldWrong({ problems, file, key: path }: Scope, key: string): boolean {
  const whole = [...path, key];
  return problems.some(
    ({ at }) =>
      at?.file === file &&
      'key' in at &&
      at.key.length === whole.length &&
      whole.every((part, index) => part === at.key[index]),
  );
}

/** `nested`: names of sub-tables that are read elsewhere. */
export function readTable<K extends Keys>(
  scope: Scope,
  table: Readonly<Record<string, unknown>>,
  keys: K,
  nested: readonly string[] = [],
): Values<K> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(table)) {
    if (nested.includes(name)) continue;
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key === undefined) reportUnknown(scope, name, keys, nested);
    else {
      const read = decode(key, value);
      if (read.ok) values[name] = read.value;
      else {
        // Operators and logs see the message, and a variable's value may be a password.
        const isHidden = key.kind === 'environment' || key.kind === 'password' || isTable(value);
        const written = isHidden ? name : `${name} = ${showValue(value)}`;
        report(scope, [name], `cannot use ${written}: ${read.reason}`, `${name} = ${read.example}`);
      }
    }
  }
  for (const [name, key] of Object.entries(keys))
    if (key.required && !(name in table)) report(scope, [], `${name} is missing`, `${name} = ...`);
  return values as Values<K>;
}

function decode({ kind, range }: Key, value: unknown): Decoded<unknown> {
  const read: Decoded<unknown> = decoders[kind](value);
  if (!read.ok || range === undefined) return read;
  const [least, most] = range;
  const number = Number(read.value);
  return number >= least && number <= most
    ? read
    : bad(`it must be ${least} to ${most}`, `${number < least ? least : most}`);
}

function reportUnknown(scope: Scope, name: string, keys: Keys, nested: readonly string[]): void {
  const plain = Object.hasOwn(withoutUse, name) ? withoutUse[name] : undefined;
  const aliased = Object.keys(keys).find(key => keys[key]?.alias?.includes(name.toLowerCase()));
  const hint =
    plain ?? aliased ?? nearest(name, [...Object.keys(keys), ...nested]) ?? 'man 5 hostd.toml, for every key';
  report(scope, [name], `there is no key "${name}"`, hint);
}
