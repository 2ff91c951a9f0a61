// What is shown of a log when a start has failed. The case is what gunicorn 27.0.1 wrote on Python 3.13, with two workers.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { markLog } from './start-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'hostd-start-log-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
const gunicorn27 = readFileSync(new URL('cases/gunicorn-27-two-workers.txt', import.meta.url), 'utf8');

function log(name: string) {
  return { path: join(directory, name), maxbytes: 0, backups: 0 } as never;
}

test("of a gunicorn that failed twice over, the app's own error is shown, and nothing from before the order", () => {
  const stdout = log('app.log');
  const path = join(directory, 'app.log');
  writeFileSync(path, 'RuntimeError: of last week\n');
  const since = markLog({ user: null, stdout, stderr: null });
  assert.equal(since(), '');
  appendFileSync(path, gunicorn27);
  const shown = since().split('\n');
  assert.equal(shown.shift(), '');
  assert.equal(shown.length, 20);
  assert.deepEqual(shown.slice(-4), [
    '  |   File "/webapps/hello_django/hello/hello/wsgi.py", line 2, in <module>',
    '  |     raise RuntimeError("no such luck")',
    '  | RuntimeError: no such luck',
    '  | no such luck',
  ]);
  assert.doesNotMatch(shown.join('\n'), /HaltServer|last week|\[INFO\]/);
});

test('of another command its last lines are shown: of its errors, where they have a log of their own', () => {
  const program = { user: null, stdout: log('out.log'), stderr: log('err.log') };
  writeFileSync(join(directory, 'out.log'), '');
  const since = markLog(program);
  writeFileSync(join(directory, 'out.log'), 'hello\n');
  assert.equal(since(), '\n  | hello');
  writeFileSync(join(directory, 'err.log'), Array.from({ length: 30 }, (_, line) => `${line}\n`).join(''));
  assert.deepEqual(
    since().split('\n').slice(1),
    Array.from({ length: 20 }, (_, line) => `  | ${line + 10}`),
  );
});

test('a log that is not there is no reason to fail, and one that was begun anew is shown', () => {
  assert.equal(markLog({ user: null, stdout: log('none.log'), stderr: null })(), '');
  const path = join(directory, 'rotated.log');
  writeFileSync(path, 'a long line of the time before\n');
  const since = markLog({ user: null, stdout: log('rotated.log'), stderr: null });
  writeFileSync(path, 'new\n');
  assert.equal(since(), '\n  | new');
});
