import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastLines, tailOffset } from './tail-offset.ts';

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

test('the last lines since a moment are whole, and are the last ones however long they are', () => {
  const path = join(directory, 'since');
  const long = Array.from({ length: 900 }, (_, index) => `${index} ${'x'.repeat(1000)}`);
  writeFileSync(path, `before\n${long.join('\n')}\nthe end\n`);
  const fd = openSync(path, 'r');
  try {
    const lines = lastLines(fd, 'before\n'.length, 1000);
    assert.equal(lines.at(-1), 'the end');
    assert.deepEqual(lines.slice(0, -1), long.slice(-(lines.length - 1)));
    assert.ok(lines.length > 250, `${lines.length} lines`);
    assert.deepEqual(lastLines(fd, 0, 2), [long.at(-1), 'the end']);
    assert.deepEqual(lastLines(fd, 'before\n'.length, 1000), lines);
  } finally {
    closeSync(fd);
  }
  writeFileSync(path, 'before\nafter\n');
  const short = openSync(path, 'r');
  assert.deepEqual(lastLines(short, 'before\n'.length, 1000), ['after']);
  closeSync(short);
});
