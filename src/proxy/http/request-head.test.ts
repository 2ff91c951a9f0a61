import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultLimits } from '../limits.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';

function read(
  fields: Readonly<Record<string, string>> | readonly string[],
  version = '1.1',
): RequestHead | number {
  const raw = Array.isArray(fields) ? fields : ['Host', 'a.test', ...Object.entries(fields).flat()];
  const head = readRequestHead(raw, version, defaultLimits);
  return 'refuse' in head ? head.refuse : head;
}

function accepted(fields: Readonly<Record<string, string>> | readonly string[]): RequestHead {
  const head = read(fields);
  assert.ok(typeof head === 'object', `${head}`);
  return head;
}

test('fields pass as they are, in order', () => {
  const raw = ['Host', 'a', 'Cookie', 'a=1', 'x-ODD', '', 'Cookie', 'b=2', 'X-E', '\xc3\xa9'];
  assert.equal(accepted(raw).passed, 'Cookie: a=1\r\nx-ODD: \r\nCookie: b=2\r\nX-E: \xc3\xa9\r\n');
});

test('what an app could mistake for another field, or for the proxy’s word, does not pass', () => {
  const fields = {
    SCRIPT_NAME: '/evil',
    'X.A': '1',
    'X-Forwarded-Proto': 'https',
    'x-forwarded-host': 'evil',
    'X-Forwarded-Anything': '1',
    Forwarded: 'for=1',
    'X-Real-IP': '1',
    Proxy: 'http://evil',
    'Proxy-Connection': 'x',
    TE: 'trailers',
    Trailer: 'x',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'x',
    Expect: 'x',
    'Keep-Alive': '5',
  };
  assert.equal(accepted(fields).passed, '');
});

test('Connection removes what it names, but never host, length or X-Forwarded-For', () => {
  const head = accepted({
    Connection: 'close, X-Foo, Host, Content-Length, X-Forwarded-For',
    'X-Foo': '1',
    'X-Bar': '2',
    'Content-Length': '5',
    'X-Forwarded-For': '1.1.1.1',
  });
  assert.equal(head.passed, 'X-Bar: 2\r\n');
  assert.equal(head.contentLength, 5);
  assert.equal(head.host, 'a.test');
  assert.equal(head.forwardedFor, '1.1.1.1');
});

test('framing that two parsers could read in two ways is refused', () => {
  for (const length of ['+5', '-0', '0x5', '5, 5', '5 6', '1e1', '', '9'.repeat(16)]) {
    assert.equal(read({ 'Content-Length': length }), 400, length);
  }
  assert.equal(read({ 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }), 400);
  assert.equal(read(['Host', 'a', 'Content-Length', '5', 'content-length', '5']), 400);
  assert.equal(read(['Host', 'a', 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']), 400);
  assert.equal(read(['Host', 'a', 'Transfer-Encoding', 'chunked'], '1.0'), 400);
  for (const coding of [
    'gzip',
    'chunked, chunked',
    'chunked;q=1',
    'xchunked',
    '\x0bchunked',
    'identity',
    '',
  ]) {
    assert.equal(read({ 'Transfer-Encoding': coding }), 501, coding);
  }
  assert.equal(accepted({ 'Transfer-Encoding': 'Chunked' }).chunked, true);
  assert.equal(accepted({ 'Content-Length': '010' }).contentLength, 10);
});

test('a condition, an expectation or credentials that come twice are refused', () => {
  for (const name of ['If-Match', 'If-Range', 'if-none-match', 'Authorization', 'Expect']) {
    assert.equal(read(['Host', 'a', name, 'x', name, 'x']), 400, name);
  }
  assert.equal(accepted(['Host', 'a', 'Range', 'x', 'Range', 'y']).fields.get('range'), 'x');
});

test('one Host, and one only', () => {
  assert.equal(read([]), 400);
  assert.equal(read(['Host', 'a', 'host', 'a']), 400);
  assert.equal(typeof read([], '1.0'), 'object');
});

test('too many or too large fields are refused', () => {
  assert.equal(read(['Host', 'a', ...Array.from({ length: 200 }, () => 'X')]), 431);
  assert.equal(read({ X: 'a'.repeat(8200) }), 431);
  assert.equal(
    read({
      A: 'a'.repeat(8000),
      B: 'a'.repeat(8000),
      C: 'a'.repeat(8000),
      D: 'a'.repeat(8000),
      E: 'a'.repeat(1000),
    }),
    431,
  );
});

test('only a WebSocket that Connection confirms is an upgrade to follow', () => {
  assert.equal(accepted({ Connection: 'keep-alive, Upgrade', Upgrade: 'WebSocket' }).upgrade, 'websocket');
  assert.equal(accepted({ Connection: 'Upgrade', Upgrade: 'h2c' }).upgrade, 'other');
  assert.equal(accepted({ Connection: 'close', Upgrade: 'websocket' }).upgrade, 'none');
});

test('whatever names and values come, what passes has no line of its own making', () => {
  const name = fc.string({ unit: 'binary-ascii', minLength: 1 });
  const value = fc.string({ unit: 'binary-ascii' }).map(text => text.replace(/[\r\n]/g, ''));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), pairs => {
      const head = read(['Host', 'a', ...pairs.flat()]);
      if (typeof head === 'number') return;
      for (const line of head.passed.split('\r\n').slice(0, -1)) assert.match(line, /^[A-Za-z0-9-]+: /);
    }),
  );
});

test('what a proxy in front says is kept apart, and not among what passes', () => {
  const head = accepted(
    'Host a|X-Forwarded-Proto https|x-forwarded-proto http|X-Forwarded-Host b|X-FORWARDED-PORT 1|X-Forwarded-Ssl on|X-Request-ID 7|X-Request-Id 8'
      .split('|')
      .flatMap(line => line.split(' ')),
  );
  assert.equal(head.forwardedProto, 'https, http');
  assert.equal(head.forwardedPlace, 'X-Forwarded-Host: b\r\nX-FORWARDED-PORT: 1\r\n');
  assert.equal(head.requestId, '7');
  assert.equal(head.passed, '');
});
