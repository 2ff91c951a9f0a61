import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxParts, parseRange } from './ranges.ts';

function ranges(header: string, size = 12): string {
  const result = parseRange(header, size);
  return result.kind === 'parts'
    ? result.parts.map(({ start, end }) => `${start}-${end}`).join()
    : result.kind;
}

test('a range, a suffix and a list give their bytes, clipped to the file', () => {
  assert.equal(ranges('bytes=0-3'), '0-4');
  assert.equal(ranges('bytes=4-'), '4-12');
  assert.equal(ranges('bytes=-5'), '7-12');
  assert.equal(ranges('bytes=-500'), '0-12');
  assert.equal(ranges('bytes=0-1,3-4'), '0-2,3-5');
  assert.equal(ranges('bytes=0-1,20-30'), '0-2');
  assert.equal(ranges('BYTES= 0 - 1 '), '0-2');
});

test('what can’t be given is 416', () => {
  for (const header of [
    'bytes=12-',
    'bytes=-0',
    'bytes=5-2',
    'bytes=a-b',
    'bytes=,0-1',
    'bytes=- 5',
    'bytes=0-1,',
  ]) {
    assert.equal(ranges(header), 'unsatisfiable', header);
  }
  assert.equal(ranges(`bytes=${'9'.repeat(40)}-`), 'unsatisfiable');
});

test('other units, empty files and ranges that ask for more than the file give the whole', () => {
  for (const header of ['items=0-1', 'bytes=', 'bytes=0-,0-']) assert.equal(ranges(header), 'whole', header);
  assert.equal(ranges('bytes=0-', 0), 'whole');
  assert.equal(ranges(`bytes=${'0-0,'.repeat(maxParts)}0-0`, 1000), 'whole');
  assert.equal(parseRange(null, 12).kind, 'whole');
});

test('no header makes more bytes than the file has, or any outside it', () => {
  const tokens = fc.constantFrom('0', '1', '5', '12', '999', '-', '-', ',', ' ', 'x', '99999999999999999999');
  fc.assert(
    fc.property(fc.array(tokens), fc.nat({ max: 20 }), (parts, size) => {
      const result = parseRange(`bytes=${parts.join('')}`, size);
      if (result.kind !== 'parts') return;
      let sum = 0;
      for (const { start, end } of result.parts) {
        assert.ok(0 <= start && start < end && end <= size);
        sum += end - start;
      }
      assert.ok(sum <= size);
    }),
  );
});

test('a header full of spaces takes no longer than its length', () => {
  // Squared, that would be an hour.
  const spaces = ' '.repeat(1_000_000);
  const started = performance.now();
  parseRange(`bytes=${spaces}x${spaces}`, 12);
  assert.ok(performance.now() - started < 10_000);
});
