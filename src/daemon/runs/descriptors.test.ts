import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { givenLimit, parseLimit } from './descriptors.ts';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95942                95942                processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;

test('the soft limit of open files is what counts', () => {
  assert.equal(parseLimit(limits('1024')), 1024);
  assert.equal(parseLimit(limits('unlimited')), Number.POSITIVE_INFINITY);
  assert.equal(parseLimit(''), Number.POSITIVE_INFINITY);
});

test('programs get the limit that hostd was started with', () => {
  const hard = parseLimit(readFileSync('/proc/self/limits', 'utf8'), 'hard');
  assert.deepEqual(givenLimit('256'), { soft: 256, hard: Number.isFinite(hard) ? hard : null });
  assert.equal(givenLimit('unlimited')?.soft, Number.isFinite(hard) ? hard : null);
  for (const nonsense of ['', '-1', '1e3', '12 34', 'many']) assert.equal(givenLimit(nonsense), null);
  assert.equal(parseLimit(limits('1024'), 'hard'), 1_048_576);
});
