import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../limits.ts';
import type { Client } from './client-address.ts';
import { readRequestHead } from './request-head.ts';
import { upstreamHead } from './upstream-request.ts';

function said(
  raw: readonly string[],
  options: {
    keepalive?: boolean;
    websocket?: boolean;
    client?: Partial<Client>;
    trusted?: boolean;
    clientAlone?: boolean;
    contentLength?: number;
  },
): string {
  const head = readRequestHead(['Host', 'a.test', ...raw], '1.1', defaultLimits);
  assert.ok(!('refuse' in head));
  return upstreamHead({
    method: 'GET',
    uri: '/x',
    host: 'a.test',
    remoteAddress: '10.0.0.1',
    client: { address: '10.0.0.1', secure: false, port: 80, ...options.client },
    trusted: options.trusted ?? false,
    clientAlone: options.clientAlone ?? false,
    requestId: 'id-1',
    head,
    keepalive: options.keepalive ?? false,
    contentLength: options.contentLength ?? null,
    websocket: options.websocket ?? false,
  });
}

const begin =
  'GET /x HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Real-IP: 10.0.0.1\r\nX-Request-Id: id-1\r\nHost: a.test\r\n';

test('the proxy speaks first, then the client', () => {
  assert.equal(said(['A', 'b'], {}), `${begin}Connection: close\r\nA: b\r\n\r\n`);
  assert.equal(said([], { keepalive: true, contentLength: 0 }), `${begin}Content-Length: 0\r\n\r\n`);
  assert.equal(said([], { websocket: true }), `${begin}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
});

test('the app is told the scheme that the client really used', () => {
  assert.match(said([], { client: { secure: true } }), /\r\nX-Forwarded-Proto: https\r\n/);
});

test('the last address of X-Forwarded-For is always the peer’s', () => {
  const text = said(['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-For', '2.2.2.2'], {});
  assert.match(text, /\r\nX-Forwarded-For: 1\.1\.1\.1, 2\.2\.2\.2, 10\.0\.0\.1\r\n/);
});

test('of X-Forwarded-For a server that believes its first address is told the client’s alone', () => {
  const claims = ['X-Forwarded-For', '6.6.6.6, 1.1.1.1'];
  assert.match(said(claims, { clientAlone: true }), /\r\nX-Forwarded-For: 10\.0\.0\.1\r\n/);
  const client = { address: '1.1.1.1' };
  assert.match(
    said(claims, { clientAlone: true, trusted: true, client }),
    /\r\nX-Forwarded-For: 1\.1\.1\.1\r\n/,
  );
});

test('what a proxy in front says of the client’s side passes only where it is trusted', () => {
  const claims = ['X-Forwarded-Host', 'b.test', 'x-forwarded-port', '8443', 'X-Forwarded-For', '1.1.1.1'];
  const trusted = said(claims, { trusted: true, client: { address: '1.1.1.1', secure: true } });
  assert.match(trusted, /\r\nX-Forwarded-For: 1\.1\.1\.1, 10\.0\.0\.1\r\nX-Forwarded-Proto: https\r\n/);
  assert.match(
    trusted,
    /\r\nX-Real-IP: 1\.1\.1\.1\r\nX-Forwarded-Host: b\.test\r\nx-forwarded-port: 8443\r\n/,
  );
  assert.doesNotMatch(said(claims, {}), /forwarded-(host|port)/i);
});

test('X-Request-Id is one line, whatever the client sent', () => {
  const text = said(['X-Request-Id', 'theirs', 'x-request-id', 'again', 'X-Request-ID', '1'], {});
  assert.deepEqual(text.match(/x-request-id: .*/gi), ['X-Request-Id: id-1']);
});
