import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accessLogLine, localTime } from './access-log-line.ts';

const plain = {
  remoteAddress: '::1',
  authorization: null,
  requestLine: 'GET / HTTP/1.1',
  status: 200,
  bodyBytes: 3,
  referer: null,
  userAgent: null,
};

test('what is absent is a dash, what is empty stays empty', () => {
  assert.equal(accessLogLine(plain, 'now'), '::1 - - [now] "GET / HTTP/1.1" 200 3 "-" "-"\n');
  assert.match(accessLogLine({ ...plain, userAgent: '' }, 'now'), / ""\n$/);
});

test('with a request id it is one field more, at the end', () => {
  assert.equal(
    accessLogLine(plain, 'now', '0123abcd'),
    '::1 - - [now] "GET / HTTP/1.1" 200 3 "-" "-" "0123abcd"\n',
  );
});

test('quotes, backslashes, control bytes and bytes beyond ASCII are escaped in capitals', () => {
  const line = accessLogLine({ ...plain, userAgent: 'a"b\\c\n\x7f\xc3' }, 'now');
  assert.match(line, / "a\\x22b\\x5Cc\\x0A\\x7F\\xC3"\n$/);
});

test('the user of Basic is named, nobody else is, and never a password', () => {
  const user = (authorization: string): string | undefined =>
    accessLogLine({ ...plain, authorization }, 'now').split(' ')[2];
  assert.equal(user('Basic bWU6c2VjcmV0'), 'me');
  assert.equal(user('basic bWU6c2VjcmV0'), 'me');
  assert.equal(user('Bearer bWU6c2VjcmV0'), '-');
  assert.equal(user('Basic ???'), '-');
});

/** A text that a client may send: bytes, one latin-1 character each. */
const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map(byte => String.fromCharCode(byte)) });

test('whatever a client sends, a request is one line', () => {
  fc.assert(
    fc.property(bytes, bytes, (userAgent, authorization) => {
      const line = accessLogLine({ ...plain, userAgent, authorization: `Basic ${authorization}` }, 'now');
      assert.equal(line.indexOf('\n'), line.length - 1);
    }),
  );
});

test('the time has its zone', () => {
  assert.match(localTime(new Date(0)), /^\d\d\/\w{3}\/19(69|70):\d\d:\d\d:\d\d [+-]\d{4}$/);
});
