// Clients that look for a gap between two clocks: a byte now and then, a half that closes early, bytes that count for nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { until } from './harness/until.ts';
import { exchangeRaw, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;

const large = 'x'.repeat(12 * 1024 * 1024);
const limits = {
  bodyGapMs: 500,
  bodyMinRate: 200,
  writeGapMs: 700,
  lastRequestMs: 300,
  tunnelIdleMs: 20_000,
  idleMs: 20_000,
};
const start = (): Promise<RunningWorker> =>
  startWorker({ sites: fixture.sites, directory: fixture.directory, limits });

before(async () => {
  fixture = makeFixture('dribble');
  upstream = await startUpstream(fixture.sites[1].socket, {
    late: [1.5, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    large: [`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`],
    slow: ['HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n', 0.5, 'x'.repeat(20_000)],
    ws: [
      0.3,
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
      'READ',
    ],
  });
  worker = await start();
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

const head = (line: string, more = ''): string => `${line} HTTP/1.1\r\nHost: hello.test\r\n${more}\r\n`;

/** Sends `piece` again and again; milliseconds until the worker has ended the connection. */
async function dribble(socket: net.Socket, piece: string, gapMs: number): Promise<number> {
  const started = performance.now();
  const timer = setInterval(() => socket.write(piece), gapMs);
  socket.on('error', () => {});
  await once(socket, 'close');
  clearInterval(timer);
  return performance.now() - started;
}

const connect = (): net.Socket => net.connect({ port: worker.port, host: '127.0.0.1' });

test('after an app that took long, the times of the next request hold', async () => {
  const socket = connect();
  socket.write(head('GET /r/late'));
  const [first] = await once(socket, 'data');
  assert.match(String(first), /^HTTP\/1\.1 200 /);
  socket.resume();
  socket.write(head('POST /r/ok', 'Content-Length: 9\r\n'));
  assert.ok((await dribble(socket, '', 60_000)) < 20_000);
});

test('who sends bytes and reads none is let go all the same', async () => {
  const socket = connect();
  socket.pause();
  socket.on('error', () => {});
  socket.write(head('GET /r/large'));
  const timer = setInterval(() => socket.write('a'), 300);
  await until('the app to have it asked', () => upstream.connections.size === 1);
  await until('the app to be let go', () => upstream.connections.size === 0);
  clearInterval(timer);
  socket.destroy();
});

test('framing alone is no body that comes in time', async () => {
  const socket = connect();
  socket.resume();
  socket.write(`${head('POST /r/ok', 'Transfer-Encoding: chunked\r\n')}5;`);
  assert.ok((await dribble(socket, 'e', 100)) < 20_000);
});

test('a body in chunks of one byte arrives as it is', async () => {
  upstream.requests.length = 0;
  const body = '1\r\na\r\n'.repeat(20_000);
  const request = `${head('POST /r/ok', 'Transfer-Encoding: chunked\r\nConnection: close\r\n')}${body}0\r\n\r\n`;
  const { bytes } = await exchangeRaw(worker.port, request);
  assert.equal(parseReplies(bytes)[0]?.status, 200);
  assert.equal(upstream.requests[0]?.split('\r\n\r\n')[1], 'a'.repeat(20_000));
});

test('an app hears that its WebSocket’s client had nothing to say', async () => {
  const socket = net.connect({ port: worker.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.resume();
  socket.end(head('GET /r/ws', 'Connection: upgrade\r\nUpgrade: websocket\r\n'));
  await until('the app to be asked', () => upstream.connections.size === 1);
  await until('the app to hear of the end', () => upstream.connections.size === 0);
  socket.destroy();
});

test('a length of 00 is a length of 0', async () => {
  const socket = connect();
  let text = '';
  socket.on('data', bytes => {
    text += bytes.toString('latin1');
  });
  socket.end(head('POST /r/ok', 'Content-Length: 00\r\n'));
  await once(socket, 'close');
  assert.match(text, /^HTTP\/1\.1 200 /);
});

test('trailers behind a body that nobody wanted end the connection', async () => {
  const refused = `${head('POST /static/a.txt', 'Transfer-Encoding: chunked\r\n')}1\r\na\r\n0\r\nT: u\r\n\r\n`;
  const { bytes, closed } = await exchangeRaw(worker.port, `${refused}${head('GET /static/a.txt')}`, {
    answers: untilEnd,
  });
  assert.deepEqual(
    parseReplies(bytes).map(({ status }) => status),
    [405],
  );
  assert.equal(closed, true);
});

test('a worker that drains ends a connection that was promised more', async () => {
  const other = await start();
  const socket = net.connect({ port: other.port, host: '127.0.0.1' });
  socket.write(head('GET /r/slow'));
  const [first] = await once(socket, 'data');
  assert.match(String(first), /Connection: keep-alive/);
  const exited = once(other.process, 'exit');
  other.process.kill('SIGQUIT');
  let size = 0;
  socket.on('data', bytes => {
    size += bytes.length;
  });
  await exited;
  assert.ok(size >= 20_000, `${size} bytes`);
});
