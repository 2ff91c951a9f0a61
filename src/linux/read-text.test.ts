import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { readAtMost } from './read-text.ts';

test('a file that somebody has made long is not read to its end', t => {
  const open = () => {
    const fd = openSync('/proc/self/status', 'r');
    t.after(() => closeSync(fd));
    return fd;
  };
  const whole = readAtMost(open(), 1024 * 1024) ?? '';
  assert.match(whole, /^Name:/);
  assert.equal(readAtMost(open(), 100), null);
});
