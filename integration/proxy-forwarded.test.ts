// A proxy worker behind another proxy, and what [proxy] and the sites say about where requests go: whose word counts,
// redirects, challenges of a certificate authority, the default site, request ids, maintenance.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { until } from './harness/until.ts';
import { exchangeRaw, field, type ParsedReply, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { makePem } from './proxy/pem.ts';
import { exchangeTls } from './proxy/tls-client.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let sites: WorkerOptions['sites'];
/** One that trusts nobody, and one that trusts 127.0.0.1. */
let worker: RunningWorker;
let behind: RunningWorker;

before(async () => {
  fixture = makeFixture('forwarded');
  const { directory } = fixture;
  const [first, hello, small] = fixture.sites;
  upstream = await startUpstream(hello.socket, {});
  const challenges = `${directory}/acme/.well-known/acme-challenge`;
  mkdirSync(challenges, { recursive: true });
  writeFileSync(`${challenges}/token`, 'answer\n');
  writeFileSync(`${directory}/acme/other`, 'secret\n');
  sites = [
    {
      ...first,
      serverNames: ['*.first.test', 'first.test', 'www.first.test'],
      redirectFrom: ['old.test', '*.old.test'],
      redirectHttps: true,
      pem: makePem(directory, 'first.test', 'old.test'),
    },
    { ...hello, redirectFrom: ['former.test'] },
    { ...small, maintenance: { retryAfter: 120 } },
  ];
  const settings = { acmeWebroot: `${directory}/acme/`, defaultSite: 'hello' };
  const trusting = { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8', '2001:db8::/32'] };
  const limits = { connectionsPerClient: 3 };
  worker = await startWorker({ sites, directory, tls: true, settings });
  behind = await startWorker({ sites, directory, limits, settings: trusting });
});

after(async () => {
  await worker?.stop();
  await behind?.stop();
  await upstream?.close();
  fixture?.remove();
});

/** The reply to one request, and what the app was asked for it. */
async function ask(
  port: number,
  line: string,
  host: string | null,
  more = '',
): Promise<{ reply: ParsedReply; location: string | undefined; asked: string }> {
  upstream.requests.length = 0;
  const named = host === null ? '' : `Host: ${host}\r\n`;
  const { bytes } = await exchangeRaw(port, `${line}\r\n${named}Connection: close\r\n${more}\r\n`);
  const [reply] = parseReplies(bytes, [line.startsWith('HEAD ')]);
  assert.ok(reply !== undefined, bytes);
  return { reply, location: field(reply, 'location'), asked: upstream.requests.join('') };
}

const get = (port: number, path: string, host: string | null, more = ''): ReturnType<typeof ask> =>
  ask(port, `GET ${path} HTTP/1.1`, host, more);

const claims =
  'X-Forwarded-For: 6.6.6.6, 203.0.113.9:1234, 10.1.2.3\r\nX-Forwarded-Proto: https\r\n' +
  'X-Forwarded-Host: public.test\r\nX-Forwarded-Port: 8443\r\nX-Forwarded-Ssl: on\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n';

test('what a trusted proxy says of its client is believed, told to the app, and logged', async () => {
  const { reply, asked } = await get(behind.port, '/trusted', 'hello.test', claims);
  assert.equal(reply.status, 200);
  assert.equal(
    asked.replace(/(X-Request-Id): [0-9a-f]{16}-\d+/, '$1: made'),
    'GET /trusted HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.9:1234, 10.1.2.3, 127.0.0.1\r\n' +
      'X-Forwarded-Proto: https\r\nX-Real-IP: 203.0.113.9\r\nX-Forwarded-Host: public.test\r\nX-Forwarded-Port: 8443\r\n' +
      'X-Request-Id: made\r\nHost: hello.test\r\nConnection: close\r\n\r\n',
  );
  await until('its line in the log', () =>
    /^203\.0\.113\.9 - - \[[^\]]*\] "GET \/trusted /m.test(
      readFileSync(fixture.sites[1].accessLog, 'latin1'),
    ),
  );
});

test('what anybody else says is not', async () => {
  const { asked } = await get(worker.port, '/', 'hello.test', claims);
  assert.match(
    asked,
    /X-Forwarded-For: 6\.6\.6\.6, 203\.0\.113\.9:1234, 10\.1\.2\.3, 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Real-IP: 127\.0\.0\.1\r\n/,
  );
  assert.doesNotMatch(asked, /forwarded-(host|port|ssl)|public|8443/i);
});

test('a trusted proxy may have more connections than a client', async () => {
  const connect = (port: number): Promise<net.Socket> =>
    new Promise(resolve => {
      const socket: net.Socket = net.connect({ port, host: '127.0.0.1' }, () => resolve(socket));
    });
  const sockets = await Promise.all(Array.from({ length: 6 }, () => connect(behind.port)));
  assert.equal((await get(behind.port, '/', 'hello.test')).reply.status, 200);
  for (const socket of sockets) socket.destroy();
});

test('http is sent to https: at the port of TLS, or wherever a trusted proxy has it', async () => {
  const secure = `https://first.test:${worker.tlsPort}`;
  const uri = '/a%20b/../c?d=e&f#g';
  for (const method of ['GET', 'HEAD']) {
    const { reply, location } = await ask(worker.port, `${method} ${uri} HTTP/1.1`, 'FIRST.test:81');
    assert.deepEqual([reply.status, location], [301, secure + uri]);
  }
  const post = await ask(worker.port, `POST ${uri} HTTP/1.1`, 'first.test', 'Content-Length: 0\r\n');
  assert.deepEqual([post.reply.status, post.location], [308, secure + uri]);
  const forged = await get(worker.port, '/', 'first.test', 'X-Forwarded-Proto: https\r\n');
  assert.equal(forged.reply.status, 301);

  const http = await get(behind.port, '/x', 'first.test', 'X-Forwarded-Proto: http\r\n');
  assert.deepEqual([http.reply.status, http.location], [301, 'https://first.test/x']);
  const https = await get(behind.port, '/static/a.txt', 'first.test', 'X-Forwarded-Proto: https\r\n');
  assert.equal(https.reply.status, 200);
  const { bytes } = await exchangeTls(
    worker.tlsPort,
    'first.test',
    'GET /static/a.txt HTTP/1.1\r\nHost: first.test\r\nConnection: close\r\n\r\n',
  );
  assert.equal(parseReplies(bytes)[0]?.status, 200);
});

test('a former name is sent to the first one', async () => {
  const { reply, location } = await get(worker.port, '/a?b', 'Former.test');
  assert.deepEqual([reply.status, location], [301, `http://hello.test:${worker.port}/a?b`]);
  for (const name of ['old.test', 'www.old.test'])
    assert.equal((await get(worker.port, '/a', name)).location, `https://first.test:${worker.tlsPort}/a`);
  const trusted = await get(behind.port, '/a', 'former.test', 'X-Forwarded-Proto: https\r\n');
  assert.equal(trusted.location, 'https://hello.test/a');
  const { bytes } = await exchangeTls(
    worker.tlsPort,
    'old.test',
    'GET /b HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n\r\n',
  );
  const [over] = parseReplies(bytes);
  assert.equal(over && field(over, 'location'), `https://first.test:${worker.tlsPort}/b`);
});

test('no target or host can split a redirect, or choose its host', async () => {
  const high = await get(worker.port, '/\xe4\xff', 'first.test');
  assert.ok(high.reply.status === 400 || high.location?.endsWith('/%E4%FF'), high.location);
  const slashes = await get(worker.port, '//evil.test/%0d%0aX-Evil:1', 'first.test');
  assert.equal(slashes.location, `https://first.test:${worker.tlsPort}//evil.test/%0d%0aX-Evil:1`);
  assert.equal(field(slashes.reply, 'x-evil'), undefined);
  for (const raw of ['/\x01', '/\x7f', '/\tx', '/a\rX-Evil:1', '/\0'])
    assert.equal((await get(worker.port, raw, 'first.test')).reply.status, 400, JSON.stringify(raw));
  for (const host of ['first.test@evil.test', 'first.test/evil', 'first.test evil'])
    assert.equal((await get(worker.port, '/', host)).reply.status, 400, host);
});

test('behind a trusted proxy a directory is redirected to without the port of this connection', async () => {
  const https = await get(behind.port, '/static/sub', 'hello.test', 'X-Forwarded-Proto: https\r\n');
  assert.equal(https.location, 'https://hello.test/static/sub/');
  const plain = await get(behind.port, '/static/sub', 'hello.test');
  assert.equal(plain.location, `http://hello.test:${behind.port}/static/sub/`);
});

test('challenges are answered by http, whatever else the site does', async () => {
  const path = '/.well-known/acme-challenge/token';
  for (const host of ['first.test', 'old.test', 'hello.test', 'small.test', 'unknown.test']) {
    const { reply } = await get(worker.port, path, host);
    assert.deepEqual([reply.status, reply.body], [200, 'answer\n'], host);
  }
  const status = async (line: string): Promise<number> =>
    (await ask(worker.port, line, 'first.test')).reply.status;
  assert.equal(await status(`HEAD ${path} HTTP/1.1`), 200);
  assert.equal(await status(`DELETE ${path} HTTP/1.1`), 405);
  assert.equal(await status('GET /.well-known/acme-challenge/none HTTP/1.1'), 404);
  assert.equal(await status('GET /.well-known/acme-challenge/.hidden HTTP/1.1'), 404);
  assert.equal(await status('GET /.well-known/acme-challenge/../../other HTTP/1.1'), 301);
  const without = await get(behind.port, path, 'hello.test');
  assert.match(without.asked, /^GET \/\.well-known\/acme-challenge\/token /);
});

test('the default site answers for names that are nobody’s, and for none', async () => {
  const other = await get(worker.port, '/x', 'unknown.test');
  assert.equal(other.reply.status, 200);
  assert.match(other.asked, /\r\nHost: unknown\.test\r\n/);
  const none = await ask(worker.port, 'GET /x HTTP/1.0', null);
  assert.equal(none.reply.status, 200);
  assert.match(none.asked, /\r\nHost: hello\.test\r\n/);
  assert.equal((await get(worker.port, '/', 'a..b')).reply.status, 400);
  assert.equal((await get(behind.port, '/', 'unknown.test')).reply.status, 404);
  assert.equal((await ask(behind.port, 'GET / HTTP/1.0', null)).reply.status, 404);
});

test('a request id is passed on, or made where there is none to pass on', async () => {
  const id = async (port: number, more: string): Promise<string> => {
    const { asked } = await get(port, '/', 'hello.test', more);
    const lines = asked.match(/^x-request-id: .*/gim) ?? [];
    assert.equal(lines.length, 1, asked);
    return lines[0]?.slice('X-Request-Id: '.length).trimEnd() ?? '';
  };
  assert.equal(await id(worker.port, 'x-request-id: Client:1.2_3-4\r\n'), 'Client:1.2_3-4');
  assert.equal(await id(behind.port, 'X-Request-ID: front-7\r\nX-Request-ID: other\r\n'), 'front-7');
  const made: string[] = [];
  for (const port of [worker.port, behind.port])
    for (const more of [
      '',
      'X-Request-Id: a b\r\n',
      'X-Request-Id:\r\n',
      `X-Request-Id: ${'x'.repeat(129)}\r\n`,
    ])
      made.push(await id(port, more));
  for (const one of made) assert.match(one, /^[0-9a-f]{16}-\d+$/);
  assert.equal(new Set(made).size, made.length);
});

test('in maintenance files are served on, and everything else is told when to come back', async () => {
  const { reply } = await get(worker.port, '/', 'small.test');
  assert.equal(reply.status, 503);
  assert.equal(field(reply, 'retry-after'), '120');
  assert.equal((await get(worker.port, '/static/a.txt', 'small.test')).reply.body, 'hello world\n');
  const post = await ask(worker.port, 'POST / HTTP/1.1', 'small.test', 'Content-Length: 3\r\n\r\nabc');
  assert.equal(post.reply.status, 503);
  const handshake =
    'GET /ws HTTP/1.1\r\nHost: small.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const { bytes, closed } = await exchangeRaw(worker.port, handshake, { answers: untilEnd });
  const [refused] = parseReplies(bytes);
  assert.deepEqual([refused?.status, refused && field(refused, 'retry-after'), closed], [503, '120', true]);
});
