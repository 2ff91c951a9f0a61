import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLimit } from './descriptors.ts';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95942                95942                processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;

test('the soft limit of open files is what counts', () => {
  assert.equal(parseLimit(limits('1024')), 1024);
  assert.equal(parseLimit(limits('unlimited')), Number.POSITIVE_INFINITY);
  assert.equal(parseLimit(''), Number.POSITIVE_INFINITY);
});
