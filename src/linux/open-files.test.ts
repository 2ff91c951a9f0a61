import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { givenOpenFiles, parseOpenFiles } from './open-files.ts';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95942                95942                processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;

test('both limits of open files are read', () => {
  assert.equal(parseOpenFiles(limits('1024'), 'soft'), 1024);
  assert.equal(parseOpenFiles(limits('1024'), 'hard'), 1_048_576);
  assert.equal(parseOpenFiles(limits('unlimited'), 'soft'), Number.POSITIVE_INFINITY);
  assert.equal(parseOpenFiles('', 'soft'), Number.POSITIVE_INFINITY);
});

test('programs get the limit that hostd was started with, and never more than it has', () => {
  const hard = parseOpenFiles(readFileSync('/proc/self/limits', 'utf8'), 'hard');
  const value = Number.isFinite(hard) ? hard : null;
  assert.deepEqual(givenOpenFiles('256'), { soft: 256, hard: value });
  assert.equal(givenOpenFiles('unlimited')?.soft, value);
  for (const nonsense of ['', '-1', '1e3', '12 34', 'many']) assert.equal(givenOpenFiles(nonsense), null);
});
