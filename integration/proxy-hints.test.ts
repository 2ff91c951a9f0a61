// Early hints: an app's 103 reaches the clients that know what it is, before the answer, and nobody else.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { exchangeRaw, field, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const hint = (fields: string): string => `HTTP/1.1 103 Early Hints\r\n${fields}\r\n`;
const style = 'Link: </a.css>; rel=preload; as=style\r\n';
const passed = `HTTP/1.1 103 Early Hints\r\n${style}\r\n`;

before(async () => {
  fixture = makeFixture('hints');
  const many = (count: number): string => hint(style).repeat(count);
  upstream = await startUpstream(fixture.sites[1].socket, {
    soon: [hint(style), 0.4, ok],
    fields: [hint(`Set-Cookie: a=1\r\nX-Accel-Redirect: /media/d.bin\r\nContent-Length: 9\r\n${style}`), ok],
    odd: [hint('Link: not a link at all; "\r\nLink: </b>; a="b c", </c>\r\n'), ok],
    none: [hint('X: y\r\n'), `HTTP/1.1 102 Processing\r\n${style}\r\n`, ok],
    ten: [many(10), ok],
    eleven: [many(11), ok],
    large: [hint(`Link: <${'a'.repeat(20_000)}>\r\n`).repeat(3), ok],
    'too-large': [hint(`Link: <${'a'.repeat(40_000)}>\r\n`), ok],
    gone: [hint(style), 0.1],
    bad: [hint('Link : </a>\r\n'), ok],
    split: [hint('Link: </a>\rSet-Cookie: b\r\n'), ok],
    file: [hint(style), 'HTTP/1.1 200 OK\r\nX-Accel-Redirect: /media/d.bin\r\nContent-Length: 0\r\n\r\n'],
    late: ['HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n', hint(style)],
    ws: [
      hint(style),
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${hint(style)}`,
    ],
  });
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

async function raw(key: string, line = 'HTTP/1.1', more = '', method = 'GET'): Promise<string> {
  const request = `${method} /r/${key} ${line}\r\nHost: hello.test\r\nConnection: close\r\n${more}\r\n`;
  const { bytes } = await exchangeRaw(worker.port, request, { answers: untilEnd });
  assert.equal(worker.process.exitCode, null, worker.errors());
  return bytes;
}

test('a hint comes when the app gives it, not with the answer', async () => {
  const started = performance.now();
  const [hintedAt, answeredAt] = await new Promise<readonly [number, number]>((resolve, reject) => {
    let hinted = 0;
    const request = http.get({ port: worker.port, path: '/r/soon', headers: { host: 'hello.test' } });
    request.on('information', ({ statusCode, headers }) => {
      assert.equal(statusCode, 103);
      assert.equal(headers['link'], '</a.css>; rel=preload; as=style');
      hinted = performance.now() - started;
    });
    request.on('response', response => {
      response.resume();
      resolve([hinted, performance.now() - started]);
    });
    request.on('error', reject);
  });
  assert.ok(hintedAt > 0 && answeredAt - hintedAt > 50, `${hintedAt} ${answeredAt}`);
});

test('only links pass, whatever they say, and the answer is what it is without them', async () => {
  const reply = await raw('fields');
  assert.ok(reply.startsWith(`${passed}HTTP/1.1 200 OK\r\n`), reply);
  assert.ok(!reply.includes('Set-Cookie'));
  const odd = await raw('odd');
  assert.ok(odd.startsWith(hint('Link: not a link at all; "\r\nLink: </b>; a="b c", </c>\r\n')), odd);
  for (const text of [reply, odd]) assert.equal(parseReplies(text)[1]?.body, 'ok');
  assert.match(await raw('none'), /^HTTP\/1\.1 200 OK\r\n/);
  const head = await raw('fields', 'HTTP/1.1', '', 'HEAD');
  assert.ok(head.startsWith(`${passed}HTTP/1.1 200 OK\r\n`) && head.endsWith('\r\n\r\n'));
});

test('a client of HTTP/1.0 is sent none', async () => {
  assert.match(await raw('fields', 'HTTP/1.0'), /^HTTP\/1\.1 200 OK\r\n/);
});

test('ten are passed, and more are a bad answer', async () => {
  const ten = await raw('ten');
  assert.equal(ten.split('HTTP/1.1 103').length - 1, 10);
  assert.match(ten, /\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.match(await raw('eleven'), /\r\n\r\nHTTP\/1\.1 502 Bad Gateway/);
});

test('the limit of a header holds for each, and for what all of them cost a client', async () => {
  const large = await raw('large');
  assert.equal(large.split('HTTP/1.1 103').length - 1, 1);
  assert.match(large, /\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.match(await raw('too-large'), /^HTTP\/1\.1 502 /);
});

test('an app that dies, or says nonsense, after its hints is a bad gateway', async () => {
  assert.ok((await raw('gone')).startsWith(`${passed}HTTP/1.1 502 `));
  for (const key of ['bad', 'split']) {
    const reply = await raw(key);
    assert.match(reply, /^HTTP\/1\.1 502 /, key);
    assert.ok(!reply.includes('Set-Cookie'));
  }
});

test('a hint can come before a file that the app has sent, and never after an answer has begun', async () => {
  const file = await raw('file');
  assert.ok(file.startsWith(`${passed}HTTP/1.1 200 OK\r\n`));
  assert.equal(parseReplies(file)[1]?.body, '0123456789'.repeat(20));
  const late = await raw('late');
  assert.match(late, /^HTTP\/1\.1 200 OK\r\n/);
});

test('requests that are sent ahead get each its own, in order', async () => {
  const one = (key: string): string => `GET /r/${key} HTTP/1.1\r\nHost: hello.test\r\n\r\n`;
  const { bytes } = await exchangeRaw(worker.port, one('soon') + one('none') + one('fields'), {
    answers: 5,
  });
  assert.deepEqual(
    parseReplies(bytes).map(reply => [reply.status, field(reply, 'link') !== undefined]),
    [
      [103, true],
      [200, false],
      [200, false],
      [103, true],
      [200, false],
    ],
  );
});

test('a WebSocket’s handshake is answered with its 101 alone, and its bytes are nobody’s hints', async () => {
  const upgrade =
    'GET /r/ws HTTP/1.1\r\nHost: hello.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const { bytes } = await exchangeRaw(worker.port, upgrade, { answers: 2 });
  assert.match(bytes, /^HTTP\/1\.1 101 /);
  assert.ok(bytes.endsWith(`\r\n\r\n${hint(style)}`));
});

test('a client that has gone when the hint comes harms nothing', async () => {
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  socket.write('GET /r/soon HTTP/1.1\r\nHost: hello.test\r\n\r\n');
  await new Promise(resolve => setTimeout(resolve, 5));
  socket.resetAndDestroy();
  assert.match(await raw('none'), /^HTTP\/1\.1 200 OK\r\n/);
});
