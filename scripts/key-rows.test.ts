import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documents, withRows } from './key-rows.ts';

for (const document of documents)
  test(`a row of ${document.path} that is missing, wrong or of no key is put right`, () => {
    const right = readFileSync(new URL(`../${document.path}`, import.meta.url), 'utf8');
    const rows = right.match(document.rows) ?? [];
    assert.ok(rows.length > 100);
    const [first = '', second = ''] = rows;
    for (const wrong of [
      right.replace(first, ''),
      right.replace(second, ''),
      right.replace(first + second, ''),
      right.replace(second, second.replace(/include|runtime_dir/, 'no_key')),
      right.replace(second, `${second.trimEnd()} and more\n`),
      right.replace(document.rows, (row, name) => (name === 'oom_score_adj' ? '' : row)),
    ]) {
      assert.ok(wrong !== right);
      assert.ok(withRows(wrong, document) === right, 'it is right again');
    }
  });
