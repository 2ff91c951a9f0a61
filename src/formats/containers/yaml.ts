// YAML that every parser reads alike: those of Docker and Kubernetes still know 1.1, in which `yes` and `1:30` are no texts. The library
// is loaded with the first file that is written.

import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

let loaded: typeof Yaml | undefined;

/**
 * One document for each value. With `anchor`, an object that is there several times is written once, with an anchor of that name and a
 * number; "<<" as a key merges it (YAML's merge key, which Compose knows and Kubernetes does not).
 */
export function yamlText(values: readonly unknown[], anchor: string | null = null): string {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  const { stringify } = loaded;
  const sharing = anchor === null ? { aliasDuplicateObjects: false } : { merge: true, anchorPrefix: anchor };
  return values
    .map(value => stringify(value, { compat: 'yaml-1.1', lineWidth: 0, ...sharing }))
    .join('---\n');
}
