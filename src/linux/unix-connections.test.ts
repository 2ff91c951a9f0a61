import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countConnections } from './unix-connections.ts';

const table = `Num       RefCount Protocol Flags    Type St Inode Path
00000000d38d4974: 00000003 00000000 00000000 0001 02     0 /run/a.sock
00000000f22bac64: 00000003 00000000 00000000 0001 03 20525111 /run/a.sock
000000000f22bac6: 00000003 00000000 00000000 0001 03 20525112
0000000087815292: 00000003 00000000 00000000 0001 03 20525113 /run/b and a.sock
00000000030a3cfa: 00000002 00000000 00010000 0001 01 20525110 /run/a.sock
00000000130a3cfa: 00000002 00000000 00010000 0001 01 20525120 /run/b and a.sock
00000000130a3cfb: 00000002 00000000 00010000 0001 01 20525130 /run/c.sock
`;

test('those that wait and those that are open are connections of the socket; its like of another name are not', () => {
  assert.equal(countConnections(table, 20525110), 2);
  assert.equal(countConnections(table, 20525120), 1);
  assert.equal(countConnections(table, 20525130), 0);
  assert.equal(countConnections(table, 1), 0, 'it is not there');
  assert.equal(countConnections(table, 0), 0, 'what waits has no inode');
});
