// npm run docs:keys: makes the rows of keys in docs/configuration.md and hostd.toml(5) agree with src/config/toml/keys.ts.

import { readFileSync, writeFileSync } from 'node:fs';
import { documents, withRows } from './key-rows.ts';

for (const document of documents) {
  const file = new URL(`../${document.path}`, import.meta.url);
  const before = readFileSync(file, 'utf8');
  const after = withRows(before, document);
  if (after !== before) writeFileSync(file, after);
  console.log(`${document.path}: ${after === before ? 'nothing to do' : 'brought up to date'}`);
}
