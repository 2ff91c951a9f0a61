// What strange answers an app may give: none of them holds the probe up, or makes it read without end.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client } from 'undici';
import { isLate, type ProbeAnswer } from '../protocol/probe.ts';
import { ask } from './ask.ts';

/** Asks an app that answers so. */
async function answerOf(
  t: TestContext,
  respond: (socket: Socket) => void,
  within = 60_000,
): Promise<ProbeAnswer> {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-probe-'));
  const path = join(directory, 'app.sock');
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.once('data', () => respond(socket));
  });
  await new Promise<void>(resolve => {
    server.listen(path, () => resolve());
  });
  const client = new Client('http://app', { socketPath: path, headersTimeout: 0, bodyTimeout: 0 });
  t.after(async () => {
    await client.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const question = { socket: path, path: '/up', host: 'hello.test', secure: false, once: true };
  return await ask(client, question, within);
}

/** Sends the text every ten milliseconds, for as long as anybody listens. */
function repeat(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 10);
  socket.on('close', () => clearInterval(timer));
}

/** As fast as it is read. */
function flood(socket: Socket, text: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
}

test('an answer that does not end in time is none, wherever it is slow', async t => {
  const slow: Readonly<Record<string, (socket: Socket) => void>> = {
    silence: () => {},
    header: socket => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      repeat(socket, 'x');
    },
    interim: socket => repeat(socket, 'HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n'),
    body: socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
      repeat(socket, 'x');
    },
  };
  for (const [name, respond] of Object.entries(slow)) {
    const answer = await answerOf(t, respond, 300);
    assert.ok(isLate(answer), `${name}: ${JSON.stringify(answer)}`);
  }
});

test('of a page without an end the beginning is enough, and a header without one is refused', async t => {
  const page = await answerOf(t, socket => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    flood(socket, `10000\r\n${'x'.repeat(0x10000)}\r\n`);
  });
  assert.deepEqual(page, { kind: 'healthy' });
  const header = await answerOf(t, socket => {
    socket.write('HTTP/1.1 200 OK\r\n');
    flood(socket, `X: ${'y'.repeat(60_000)}\r\n`);
  });
  assert.deepEqual(header, { kind: 'unhealthy', status: 0, why: 'UND_ERR_HEADERS_OVERFLOW' });
});

test('a page that breaks off is no good answer', async t => {
  const answer = await answerOf(t, socket => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf a page');
  });
  assert.deepEqual(answer, { kind: 'unhealthy', status: 0, why: 'UND_ERR_SOCKET' });
});

test('what is no answer of HTTP has a reason', async t => {
  const answer = await answerOf(t, socket => socket.write('\0\0\0\0 no HTTP\r\n\r\n'));
  assert.ok(answer.kind === 'unhealthy' && answer.status === 0);
  assert.notEqual(answer.why, 'undefined');
  assert.notEqual(answer.why, '');
});
