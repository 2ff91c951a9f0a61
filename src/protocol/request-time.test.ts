import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { boundRequests, type RequestTimes, withoutChecks } from './request-time.ts';

async function serve(t: TestContext, times: RequestTimes, answer = 'well'): Promise<Server> {
  const server = createServer(withoutChecks, (_, response) => void response.end(answer));
  boundRequests(server, times);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return server;
}

function call(server: Server, text: string) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

const long = 600_000;

test('who never ends the header of a request is let go, at the first one and at the next', async t => {
  const impatient = await serve(t, { first: 50, next: long });
  const slow = call(impatient, 'GET / HTTP/1.1\r\nHost: ');
  await once(slow, 'close');
  const later = await serve(t, { first: long, next: 50 });
  const kept = call(later, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(kept, 'data');
  kept.write('GET / HTTP/1.1\r\nHost: ');
  kept.resume();
  await once(kept, 'close');
});

test('an answer may take as long as it takes, and so may what a connection has become', async t => {
  const server = createServer(withoutChecks, (request, response) => {
    const ms = request.url === '/slow' ? 3000 : 0;
    setTimeout(() => response.end('well'), ms);
  });
  server.on('upgrade', (_, socket) => void setTimeout(() => socket.end('upgraded'), 3000));
  boundRequests(server, { first: 2000, next: 2000 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const whole = async (text: string) => {
    let said = '';
    const socket = call(server, text).on('data', bytes => {
      said += bytes;
    });
    await once(socket, 'close');
    return said;
  };
  const [answered, upgraded] = await Promise.all([
    // The second request waits for the answer to the first.
    whole('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    whole('GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: it\r\n\r\n'),
  ]);
  assert.match(answered, /well[\s\S]*well$/);
  assert.match(upgraded, /^upgraded$/);
});
