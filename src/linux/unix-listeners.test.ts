import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasListener } from './unix-listeners.ts';

test('a listener by its path', () => {
  const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 28151 /run/a b.sock
0000000000000000: 00000003 00000000 00000000 0001 03 28152 /run/c.sock
`;
  assert.ok(hasListener(table, '/run/a b.sock'));
  assert.ok(!hasListener(table, '/run/c.sock'));
});
