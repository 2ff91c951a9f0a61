import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { tailOffset } from './tail-offset.ts';

const directory = mkdtempSync(join(tmpdir(), 'hostd-tail-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

function last(text: string, lines: number) {
  const path = join(directory, 'log');
  writeFileSync(path, text);
  const fd = openSync(path, 'r');
  try {
    const { offset, missing } = tailOffset(fd, lines);
    return { text: Buffer.from(text).subarray(offset).toString(), missing };
  } finally {
    closeSync(fd);
  }
}

test('the last lines are those that people count, with and without a newline at the end', () => {
  assert.deepEqual(last('a\nb\nc\n', 2), { text: 'b\nc\n', missing: 0 });
  assert.deepEqual(last('a\nb\nc', 2), { text: 'b\nc', missing: 0 });
  assert.deepEqual(last('a\nb\nc\n', 0), { text: '', missing: 0 });
  assert.deepEqual(last('a\nb\n', 5), { text: 'a\nb\n', missing: 3 });
  assert.deepEqual(last('', 5), { text: '', missing: 5 });
  assert.deepEqual(last('\n\n\n', 2), { text: '\n\n', missing: 0 });
});

test('any number of lines of any text is its end', () => {
  const texts = fc.array(fc.constantFrom('', 'x', 'yy', 'z'.repeat(70_000)), { maxLength: 6 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 8 }), (lines, count) => {
      const all = lines.map(line => `${line}\n`);
      assert.deepEqual(last(all.join(''), count), {
        text: all.slice(-count).join(''),
        missing: Math.max(0, count - all.length),
      });
    }),
    { numRuns: 60 },
  );
});
