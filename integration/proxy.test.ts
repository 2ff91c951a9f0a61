// A proxy worker from outside: what a client, an app and an administrator see of it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './harness/until.ts';
import { exchangeRaw, field, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;

before(async () => {
  fixture = makeFixture('proxy');
  upstream = await startUpstream(fixture.sites[1].socket, {});
  worker = await startWorker({
    sites: fixture.sites,
    directory: fixture.directory,
    limits: { queueMs: 400 },
  });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

async function get(path: string, host = 'hello.test', more = ''): Promise<ReturnType<typeof parseReplies>> {
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`;
  return parseReplies((await exchangeRaw(worker.port, request)).bytes);
}

test('a request reaches the app that its Host names, with the headers that Django relies on', async () => {
  upstream.requests.length = 0;
  const [reply] = await get(
    '/page?x=1',
    'Hello.Test.:8000',
    'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n',
  );
  assert.equal(reply?.status, 200);
  assert.equal(reply?.body, 'ok\n');
  assert.equal(
    upstream.requests[0]?.replace(/(X-Request-Id): [0-9a-f]{16}-\d+/, '$1: made'),
    'GET /page?x=1 HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4, 127.0.0.1\r\nX-Forwarded-Proto: http\r\n' +
      'X-Real-IP: 127.0.0.1\r\nX-Request-Id: made\r\nHost: Hello.Test.:8000\r\nConnection: close\r\n\r\n',
  );
});

test('every app also answers at NAME.localhost, and an unknown host at nobody’s', async () => {
  assert.equal((await get('/', 'hello.localhost'))[0]?.status, 200);
  assert.equal((await get('/', 'other.test'))[0]?.status, 404);
});

test('files below static and media are served without the app', async () => {
  upstream.requests.length = 0;
  const [reply] = await get('/static/a.txt');
  assert.equal(reply?.status, 200);
  assert.equal(reply?.body, 'hello world\n');
  assert.equal(reply && field(reply, 'etag'), '"65937c25-c"');
  assert.equal((await get('/media/big.bin'))[0]?.body.length, 1_048_576);
  assert.equal(upstream.requests.length, 0);
});

test('a body reaches the app whole, with its length, chunked or not, large or small', async () => {
  for (const size of [5, 5000, 300_000, 3_000_000]) {
    upstream.requests.length = 0;
    const body = 'b'.repeat(size);
    const head = 'POST /up HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n';
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    for (const request of [`${head}Content-Length: ${size}\r\n\r\n${body}`, chunked]) {
      const [reply] = parseReplies((await exchangeRaw(worker.port, request)).bytes);
      assert.equal(reply?.status, 200);
    }
    for (const received of upstream.requests) {
      assert.match(received, new RegExp(`\r\nContent-Length: ${size}\r\n`));
      assert.ok(received.endsWith(`\r\n\r\n${body}`));
    }
    assert.equal(upstream.requests.length, 2);
  }
});

test('an app that is not there is waited for, then 503 says when to come back', async () => {
  const started = performance.now();
  const [reply] = await get('/', 'first.test');
  assert.equal(reply?.status, 503);
  assert.equal(reply && field(reply, 'retry-after'), '1');
  assert.ok(performance.now() - started > 200);
});

test('an app that comes back while a request waits answers it', async () => {
  const waiting = get('/', 'small.test');
  await new Promise(resolve => setTimeout(resolve, 150));
  const late = await startUpstream(fixture.sites[2].socket, {});
  assert.equal((await waiting)[0]?.status, 200);
  await late.close();
});

test('a WebSocket is passed both ways', async () => {
  // the scripted app echoes nothing: its own handshake is what is looked at
  const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n';
  const { bytes } = await exchangeRaw(worker.port, `GET /ws HTTP/1.1\r\nHost: hello.test\r\n${key}\r\n`);
  assert.match(bytes, /^HTTP\/1\.1 200 OK/);
  assert.match(upstream.requests.at(-1) ?? '', /\r\nConnection: upgrade\r\nUpgrade: websocket\r\n/);
});

test('the access log is in the combined format', async () => {
  await get('/logged', 'hello.test', 'User-Agent: "me"\r\nReferer: http://a/\r\n');
  const line = await until('the line', () => {
    const lines = readFileSync(fixture.sites[1].accessLog, 'latin1').split('\n').slice(0, -1);
    return lines.find(text => text.includes('/logged'));
  });
  assert.match(
    line,
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/logged HTTP\/1\.1" 200 3 "http:\/\/a\/" "\\x22me\\x22"$/,
  );
});

test('a worker that is told to go finishes what it has begun, and then goes', async () => {
  const path = fixture.sites[2].socket;
  const slow = await startUpstream(path, { slow: [1.5, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow'] });
  const other = await startWorker({ sites: fixture.sites, directory: fixture.directory });
  const idle = exchangeRaw(other.port, 'GET /static/a.txt HTTP/1.1\r\nHost: small.test\r\n\r\n', {
    answers: untilEnd,
  });
  const pending = exchangeRaw(other.port, 'GET /r/slow HTTP/1.1\r\nHost: small.test\r\n\r\n', {
    answers: untilEnd,
  });
  await until('both to be begun', () => slow.requests.length === 1 && other.facts().includes('"ready"'));
  other.process.kill('SIGTERM');
  const first = await Promise.race([idle.then(() => 'idle'), pending.then(() => 'pending')]);
  assert.equal(first, 'idle', 'an idle connection waits for nobody');
  const [reply] = parseReplies((await pending).bytes);
  assert.equal(reply?.body, 'slow');
  assert.equal(reply && field(reply, 'connection'), 'close');
  assert.ok((await idle).closed);
  await other.stop();
  assert.equal(other.process.exitCode, 0);
  assert.match(other.facts(), /"draining"/);
  await slow.close();
});

test('a worker goes on serving when hostd is gone', async () => {
  const other = await startWorker({ sites: fixture.sites, directory: fixture.directory, deaf: true });
  await new Promise(resolve => setTimeout(resolve, 50));
  const { bytes } = await exchangeRaw(other.port, 'GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\n\r\n');
  assert.match(bytes, /hello world/);
  await other.stop();
  assert.equal(other.process.exitCode, 0);
});

test('a full disk loses log lines, not requests, and is reported once', async () => {
  const [first, hello, small] = fixture.sites;
  const sites = [first, { ...hello, accessLog: '/dev/full' }, small];
  const other = await startWorker({ sites, directory: fixture.directory });
  for (let round = 0; round < 2; round++) {
    const { bytes } = await exchangeRaw(other.port, 'GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\n\r\n');
    assert.match(bytes, /hello world/);
    await new Promise(resolve => setTimeout(resolve, 1200));
  }
  const lines = other.errors().trim().split('\n');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /"site":"hello","cause":"cannot write the access log: ENOSPC/);
  await other.stop();
  assert.equal(other.process.exitCode, 0);
});

test('a worker refuses to run as root, in one clear line', { skip: process.getuid?.() !== 0 }, () => {
  const main = join(import.meta.dirname, '../src/proxy/main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^hostd-proxy: cannot run a proxy worker as root/);
});
