import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProjectFile } from './project-file.ts';

test('a plain file is read, also by a link; a device, a FIFO, a directory and a huge file are refused at once', t => {
  const dir = mkdtempSync(join(tmpdir(), 'project-file-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const at = (name: string) => join(dir, name);
  writeFileSync(at('a'), 'é\n');
  symlinkSync('a', at('link'));
  assert.deepEqual([readProjectFile(at('a')), readProjectFile(at('link'))], ['é\n', 'é\n']);
  symlinkSync('/dev/zero', at('zero'));
  execFileSync('mkfifo', [at('fifo')]);
  writeFileSync(at('huge'), '');
  truncateSync(at('huge'), 2 ** 40);
  for (const name of ['zero', 'fifo', '.'])
    assert.throws(() => readProjectFile(at(name)), /no plain file/, name);
  assert.throws(() => readProjectFile(at('huge')), /longer than/);
  assert.throws(() => readProjectFile(at('missing')), /cannot read ".*missing": ENOENT/);
});
