import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usableListeners } from './listen.ts';

const four = { host: '0.0.0.0', port: 80 };
const six = { host: '::', port: 80 };

test('a machine without IPv6 does without the address that stands beside IPv4’s, and without no other', () => {
  assert.deepEqual(usableListeners([four, six], true), [four, six]);
  assert.deepEqual(usableListeners([four, six], false), [four]);
  for (const list of [[six], [{ host: '0.0.0.0', port: 81 }, six], [four, { host: '::1', port: 80 }]])
    assert.deepEqual(usableListeners(list, false), list);
});
