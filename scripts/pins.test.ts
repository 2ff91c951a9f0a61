// Pins the packages that come with hostd. Their publishers must not decide by a new version what root runs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file: string) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
const own = read('package.json');
const lock: Record<string, { version?: string; integrity?: string }> = read('package-lock.json').packages;

test('every package is named with one version, the one that the lock has', () => {
  for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'])
    for (const [name, version] of Object.entries(own[kind] ?? {}))
      assert.equal(version, lock[`node_modules/${name}`]?.version, `${kind}: ${name}`);
});

test('every package of the lock is known by its hash', () => {
  for (const [path, { integrity }] of Object.entries(lock))
    if (path !== '') assert.match(integrity ?? '', /^sha512-/, path);
});
