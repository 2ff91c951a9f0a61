import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { listenersIn, strangerAmong, strangerOn } from './listener.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 100 0 0 10 0
   1: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 12 1 0 100 0 0 10 0
   2: 0100007F:1F40 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     7        0 13 1 0 100 0 0 10 0
   3: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     8        0 14 1 0 100 0 0 10 0
`;

test('every socket that listens on the port counts, on any address, and no other', () => {
  assert.deepEqual(listenersIn(table, 8000), [1000, 33]);
  assert.deepEqual(listenersIn(table, 8002), []);
});

test('root is no stranger, and one among others is enough', () => {
  assert.equal(strangerAmong([0, 1000], 1000), null);
  assert.equal(strangerAmong([0, 1000, 33], 1000), 33);
});

test('this user is no stranger', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  assert.equal(strangerOn((server.address() as { port: number }).port), null);
});
