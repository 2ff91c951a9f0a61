import assert from 'node:assert/strict';
import { connect, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { isOwnUser } from './peer.ts';

test('a connection of this very process is of its own user, and an unknown one is not', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  const socket = await new Promise<Socket>(resolve => server.once('connection', resolve));
  assert.equal(isOwnUser(socket), true);
  client.destroy();
  socket.destroy();
  assert.equal(isOwnUser(new Socket()), false);
});
