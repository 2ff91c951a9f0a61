import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listeningInodes } from './listen.ts';

test('who listens on a port is told by its inode, and who only talks from it is not', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0
   1: 0100007F:1F40 0100007F:ABCD 01 00000000:00000000 00:00000000 00000000     0        0 22222 1 0
   2: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 33333 1 0
`;
  assert.deepEqual(listeningInodes(table, 8000), ['12345']);
});
