import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSize, parseSize } from './sizes.ts';

test("nginx's and Supervisor's ways to write a size mean the same bytes", () => {
  for (const text of ['4G', '4g', '4GB', '4gb', '4 GB', '4096M', '4294967296'])
    assert.equal(parseSize(text), 4294967296, text);
  assert.equal(parseSize('50MB'), 52428800);
  assert.equal(parseSize('1k'), 1024);
  assert.equal(parseSize('0'), 0);
});

test('what is no size is refused', () => {
  for (const text of ['', 'G', '4X', '4B', '1.5MB', '-1', '4  G', '4Gi', '0x10', '9'.repeat(20), '4G\n'])
    assert.equal(parseSize(text), null, text);
});

test('a size that was written is read back', () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), n => assert.equal(parseSize(formatSize(n)), n)),
  );
  assert.equal(formatSize(4 * 1024 ** 3), '4g');
});
