// Names in an engine: labels of DNS, made from hostd's names, which may have dots, underscores and capitals. They begin with a letter
// (RFC 1035, 2.3.1), as the name of a Service in Kubernetes has to. Pure.

import { createHash } from 'node:crypto';

/** Kubernetes gives a CronJob's jobs its name and 11 characters more, in 63. */
const longest = 52;

/** The label for a name. Two names may have the same one: see `labelled`. */
export function label(name: string): string {
  const tidy = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/^(?=\d)/, 'app-');
  if (tidy.length <= longest) return tidy === '' ? 'app' : tidy;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 6);
  return `${tidy.slice(0, longest - 7).replace(/-+$/, '')}-${digest}`;
}

/** A label for each name, each its own. A name that is its own label keeps it, whatever the others are. */
export function labelled(
  names: readonly string[],
  taken: readonly string[] = [],
): ReadonlyMap<string, string> {
  const used = new Set(taken);
  const found = new Map<string, string>();
  const give = (name: string, wished: string) => {
    let free = wished;
    for (let number = 2; used.has(free); number++)
      free = `${wished.slice(0, longest - String(number).length - 1)}-${number}`;
    used.add(free);
    found.set(name, free);
  };
  for (const name of names) if (label(name) === name) give(name, name);
  for (const name of names) if (!found.has(name)) give(name, label(name));
  return found;
}
