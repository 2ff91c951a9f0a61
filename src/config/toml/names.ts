// Names of apps, programs and groups, which become file names and host names, and which people type.

import { report, type Scope } from './table.ts';

const longestName = 100;

/** Words that already mean something else where a name is typed. */
const taken: Readonly<Record<string, string>> = {
  all: 'hostctl means every program by it',
  'hostd-proxy': "it is the proxy workers' own",
};

/** Whether the characters of a name can be part of a file name. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= longestName;
}

export const plainNameRule = `letters, digits, "_", "-" and "." only, a letter or digit first, ${longestName} characters at most`;

export function checkName(scope: Scope, name: string): void {
  const reason = Object.hasOwn(taken, name) ? taken[name] : isPlainName(name) ? null : plainNameRule;
  if (reason === null) return;
  const kind = scope.key.at(-2);
  report(scope, [], `cannot use the name ${JSON.stringify(name)}: ${reason}`, `[${kind}.${tidyName(name)}]`);
}

export function tidyName(name: string): string {
  const tidy = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, longestName);
  return tidy === '' || Object.hasOwn(taken, tidy) ? 'hello' : tidy;
}
