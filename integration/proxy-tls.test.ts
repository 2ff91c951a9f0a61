// A proxy worker that speaks TLS: which certificate a client is shown, and that what holds for plain connections holds here.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { until } from './harness/until.ts';
import { exchangeRaw, field, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { makePem } from './proxy/pem.ts';
import { connectTls, exchangeTls, shownFor } from './proxy/tls-client.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;
let sites: WorkerOptions['sites'];

const limits = {
  handshakeMs: 900,
  headerMs: 1000,
  idleMs: 700,
  writeGapMs: 1000,
  lastRequestMs: 300,
  connectionsPerClient: 20,
};
const large = 'x'.repeat(12 * 1024 * 1024);

before(async () => {
  fixture = makeFixture('tls');
  const { directory } = fixture;
  const [first, hello, small] = fixture.sites;
  upstream = await startUpstream(hello.socket, {
    ws: ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfrom the app', 'READ'],
    soon: [0.6, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate'],
    large: [`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`],
  });
  sites = [
    { ...first, serverNames: ['*.wild.test'], pem: makePem(directory, '*.wild.test') },
    {
      ...hello,
      serverNames: ['hello.test', 'in.wild.test'],
      redirectFrom: ['old.test'],
      pem: makePem(directory, 'hello.test', 'in.wild.test', 'old.test'),
    },
    { ...small, pem: { certificate: 'not PEM', key: 'at all' } },
  ];
  worker = await startWorker({ sites, directory, limits, tls: true });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const get = (path: string, more = 'Connection: close\r\n'): string =>
  `GET ${path} HTTP/1.1\r\nHost: hello.test\r\n${more}\r\n`;

function opened(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => {});
  });
}

async function msUntilClose(socket: net.Socket | TLSSocket): Promise<number> {
  const started = performance.now();
  socket.on('error', () => {});
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
  return performance.now() - started;
}

test('the name that a client asks for picks the certificate: exact names, then wildcards', async () => {
  assert.equal(await shownFor(worker.tlsPort, 'hello.test'), 'hello.test');
  assert.equal(await shownFor(worker.tlsPort, 'HELLO.test'), 'hello.test');
  assert.equal(await shownFor(worker.tlsPort, 'other.wild.test'), '*.wild.test');
  assert.equal(await shownFor(worker.tlsPort, 'in.wild.test'), 'hello.test');
  assert.equal(await shownFor(worker.tlsPort, 'old.test'), 'hello.test');
  assert.equal(await shownFor(worker.tlsPort, 'hello.localhost'), 'hello.test');
});

test('a name that is nobody’s, or none, is refused', async () => {
  assert.equal(await shownFor(worker.tlsPort, 'other.test'), null);
  assert.equal(await shownFor(worker.tlsPort, null), null);
});

test('a certificate that cannot be used is its site’s loss alone, and is reported', async () => {
  assert.equal(await shownFor(worker.tlsPort, 'small.test'), null);
  assert.match(worker.errors(), /"site":"small","cause":"cannot use the certificate: /);
});

test('a default site answers for names that are nobody’s', async () => {
  const settings = { defaultSite: 'hello' };
  const other = await startWorker({ sites, directory: fixture.directory, tls: true, settings });
  assert.equal(await shownFor(other.tlsPort, 'other.test'), 'hello.test');
  assert.equal(await shownFor(other.tlsPort, 'small.test'), 'hello.test');
  assert.equal(await shownFor(other.tlsPort, null), 'hello.test');
  assert.equal(await shownFor(other.tlsPort, 'a.wild.test'), '*.wild.test');
  await other.stop();
});

test('TLS 1.2 and 1.3 with HTTP/1.1, and nothing else', async () => {
  const connect = (options: Parameters<typeof connectTls>[2]): Promise<TLSSocket> =>
    connectTls(worker.tlsPort, 'hello.test', options);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await connect({ minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
    socket.destroy();
  }
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await assert.rejects(connect(old));
  const both = await connect({ ALPNProtocols: ['h2', 'http/1.1'] });
  assert.equal(both.alpnProtocol, 'http/1.1');
  both.destroy();
  await assert.rejects(connect({ ALPNProtocols: ['h2'] }));
});

test('the app is told https, request after request', async () => {
  upstream.requests.length = 0;
  const text = get('/a', '') + get('/b');
  const { bytes, closed } = await exchangeTls(worker.tlsPort, 'hello.test', text, {
    answers: untilEnd,
  });
  assert.deepEqual(
    parseReplies(bytes).map(({ status, body }) => [status, body]),
    [
      [200, 'ok\n'],
      [200, 'ok\n'],
    ],
  );
  assert.equal(closed, true);
  assert.equal(upstream.requests.length, 2);
  for (const request of upstream.requests)
    assert.match(request, /X-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: https\r\n/);
});

test('a directory is redirected to by https and the port it came in by', async () => {
  const { bytes } = await exchangeTls(worker.tlsPort, 'hello.test', get('/static/sub'));
  const [reply] = parseReplies(bytes);
  assert.equal(reply && field(reply, 'location'), `https://hello.test:${worker.tlsPort}/static/sub/`);
});

test('large files and answers come whole', async () => {
  const file = await exchangeTls(worker.tlsPort, 'hello.test', get('/media/big.bin'));
  assert.equal(parseReplies(file.bytes)[0]?.body.length, 1_048_576);
  const answer = await exchangeTls(worker.tlsPort, 'hello.test', get('/r/large'));
  assert.equal(parseReplies(answer.bytes)[0]?.body.length, large.length);
});

test('a WebSocket is passed both ways', async () => {
  upstream.requests.length = 0;
  const socket = await connectTls(worker.tlsPort, 'hello.test');
  let bytes = '';
  socket.on('data', data => {
    bytes += data.toString('latin1');
  });
  socket.write(get('/r/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n'));
  await until('the handshake', () => bytes.includes('\r\n\r\n'));
  socket.write('from the client');
  await until('both to have come', () => bytes.endsWith('app') && upstream.requests[0]?.endsWith('client'));
  assert.match(bytes, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nfrom the app$/);
  assert.match(upstream.requests[0] ?? '', /X-Forwarded-Proto: https\r\n[\s\S]*\r\n\r\nfrom the client$/);
  socket.destroy();
});

test('a client that has closed its half still reads its answer', async () => {
  const socket = await connectTls(worker.tlsPort, 'hello.test', { allowHalfOpen: true });
  let bytes = '';
  socket.on('data', data => {
    bytes += data.toString('latin1');
  });
  socket.end(get('/r/soon', ''));
  await once(socket, 'end');
  assert.match(bytes, /\r\n\r\nlate$/);
});

test('a client that goes in its handshake is gone at once', async () => {
  const other = await startWorker({ sites, directory: fixture.directory, tls: true });
  for (let i = 0; i < 3; i++) {
    const socket = await opened(other.tlsPort);
    socket.end();
    const [ms] = await Promise.all([msUntilClose(socket), shownFor(other.tlsPort, 'hello.test')]);
    assert.ok(ms < 20_000, `${ms}`);
  }
  const started = performance.now();
  await other.stop();
  assert.ok(performance.now() - started < 25_000, 'less than the drain has');
});

test('a handshake has its time in all, however its bytes come', async () => {
  const hello = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Array.from({ length: 200 }, () => 1)]);
  for (const pieces of [Buffer.alloc(0), hello]) {
    const socket = await opened(worker.tlsPort);
    let at = 0;
    const timer = setInterval(() => {
      if (at < pieces.length) socket.write(pieces.subarray(at, ++at));
    }, 50);
    const ms = await msUntilClose(socket);
    clearInterval(timer);
    assert.ok(ms > 600 && ms < 20_000, `${ms}`);
  }
});

test('what is no handshake is ended without a word, to the client and in the log', async () => {
  const before = worker.errors();
  const { bytes, closed } = await exchangeRaw(worker.tlsPort, get('/'), { answers: untilEnd });
  assert.doesNotMatch(bytes, /HTTP|nginx|hostd/);
  assert.equal(closed, true);
  assert.equal(worker.errors(), before);
});

test('handshakes count among a client’s connections', async () => {
  await sleep(200);
  const sockets = await Promise.all(Array.from({ length: 20 }, () => opened(worker.tlsPort)));
  assert.equal(await shownFor(worker.tlsPort, 'hello.test'), null);
  assert.equal((await exchangeRaw(worker.port, get('/'))).bytes, '');
  for (const socket of sockets) socket.destroy();
  await until(
    'room for another',
    async () => (await shownFor(worker.tlsPort, 'hello.test')) === 'hello.test',
  );
});

test('headers, idling and reading have their times, as on plain connections', async () => {
  const begun = await connectTls(worker.tlsPort, 'hello.test');
  begun.write('GET / HTTP/1.1\r\n');
  const timer = setInterval(() => begun.write('X: y\r\n'), 100);
  const header = await msUntilClose(begun);
  clearInterval(timer);
  assert.ok(header > 700 && header < 20_000, `header ${header}`);

  const idle = await connectTls(worker.tlsPort, 'hello.test');
  idle.write(get('/', ''));
  const kept = await msUntilClose(idle);
  assert.ok(kept > 500 && kept < 20_000, `idle ${kept}`);

  const slow = await connectTls(worker.tlsPort, 'hello.test');
  slow.write(get('/r/large'));
  slow.pause();
  await until('the app to be asked', () => upstream.connections.size === 1);
  await until('the app to be free', () => upstream.connections.size === 0);
  const ended = await msUntilClose(slow);
  assert.ok(ended < 10_000, `ended ${ended}`);
  assert.ok(slow.bytesRead < large.length, `${slow.bytesRead}`);
});

test('a drain ends idle connections, lets answers be finished, and loses no line of the log', async () => {
  const draining = await startWorker({ sites, directory: fixture.directory, limits, tls: true });
  const idle = await connectTls(draining.tlsPort, 'hello.test');
  idle.write(get('/idle', ''));
  const fresh = await connectTls(draining.tlsPort, 'hello.test');
  const shaking = await opened(draining.tlsPort);
  await sleep(200);
  upstream.requests.length = 0;
  const late = exchangeTls(draining.tlsPort, 'hello.test', get('/r/soon', ''));
  await until('the app to be asked', () => upstream.requests.some(text => text.includes('/r/soon')));
  const exited = once(draining.process, 'exit');
  const ends = Promise.all([idle, fresh, shaking].map(msUntilClose));
  const started = performance.now();
  draining.process.kill('SIGTERM');
  const [idleMs = 0, freshMs = 0, shakingMs = 0] = await ends;
  assert.ok(idleMs < freshMs, `idle ${idleMs}, fresh ${freshMs}`);
  assert.ok(freshMs > 200 && freshMs < 20_000, `fresh ${freshMs}`);
  assert.ok(shakingMs < 20_000, `shaking ${shakingMs}`);
  const [reply] = parseReplies((await late).bytes);
  assert.equal(reply?.body, 'late');
  assert.equal(reply && field(reply, 'connection'), 'close');
  assert.deepEqual(await exited, [0, null]);
  assert.ok(performance.now() - started < 25_000);
  assert.match(readFileSync(fixture.sites[1].accessLog, 'latin1'), /GET \/r\/soon HTTP\/1\.1" 200 4/);
});
