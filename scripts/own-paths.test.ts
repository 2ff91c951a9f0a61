// Where hostd's own files are: the path of a URL spells blanks and letters beyond ASCII as %20 and the like, so no file is found by it.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const home = join(import.meta.dirname, '..');

test('no file is found by the pathname of a URL, which spells a blank as %20', () => {
  const files = globSync('{src,scripts,integration,benchmarks,demo}/**/*.{ts,mjs}', { cwd: home });
  const wrong = files.filter(file =>
    /import\.meta\.url\)\.pathname/.test(readFileSync(join(home, file), 'utf8')),
  );
  assert.deepEqual(wrong, [], 'try: join(import.meta.dirname, ...)');
});
