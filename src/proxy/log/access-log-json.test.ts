import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { accessLogJson, type JsonLoggedRequest } from './access-log-json.ts';

const plain: JsonLoggedRequest = {
  site: 'hello',
  remoteAddress: '::1',
  authorization: null,
  requestLine: 'GET /a?b HTTP/1.1',
  method: 'GET',
  uri: '/a?b',
  protocol: 'HTTP/1.1',
  host: 'hello.test',
  status: 200,
  bodyBytes: 3,
  requestMs: 12.3456,
  upstreamMs: 11,
  queuedMs: 0,
  referer: null,
  userAgent: 'curl/8',
  requestId: '0123abcd',
  scheme: 'https',
};

const bytes = fc.string({ unit: fc.nat(255).map(code => String.fromCharCode(code)) });

/** The line as a reader of UTF-8 sees it. */
function read(request: Partial<JsonLoggedRequest>): { line: Buffer; value: Record<string, unknown> } {
  const line = Buffer.from(accessLogJson({ ...plain, ...request }, 1_700_000_000_123), 'latin1');
  return { line, value: JSON.parse(line.toString('utf8')) };
}

test('one line with these keys in this order', () => {
  assert.equal(
    accessLogJson(plain, 1_700_000_000_123),
    '{"time":"2023-11-14T22:13:20.123Z","site":"hello","remote_addr":"::1","remote_user":null,"method":"GET",' +
      '"uri":"/a?b","protocol":"HTTP/1.1","host":"hello.test","status":200,"body_bytes_sent":3,' +
      '"request_time":0.012,"upstream_time":0.011,"queue_time":0.000,"referer":null,"user_agent":"curl/8",' +
      '"request_id":"0123abcd","scheme":"https"}\n',
  );
});

test('without the app its times are null', () => {
  const { value } = read({ upstreamMs: null, queuedMs: null });
  assert.equal(value['upstream_time'], null);
  assert.equal(value['queue_time'], null);
});

test('the user of Basic is named, and never a password', () => {
  const { line, value } = read({ authorization: 'Basic bWU6c2VjcmV0' });
  assert.equal(value['remote_user'], 'me');
  assert.equal(line.includes('secret'), false);
});

test('UTF-8 is told as its characters; in anything else each byte above ASCII stands for itself', () => {
  const inBytes = (text: string): string => Buffer.from(text).toString('latin1');
  assert.equal(read({ userAgent: inBytes('Grüße 🙂') }).value['user_agent'], 'Grüße 🙂');
  const broken = accessLogJson({ ...plain, uri: '/\xfc\xc3\xbc' }, 0);
  assert.match(broken, /"uri":"\/\\u00fc\\u00c3\\u00bc"/);
});

test('what could end a line, or steer a terminal, is escaped', () => {
  const odd = '"\\\x00\x1b\n\r\t\x7f\u0085\u009b\u2028\u2029';
  const line = accessLogJson({ ...plain, userAgent: Buffer.from(odd).toString('latin1') }, 0);
  assert.match(line, /"user_agent":"\\"\\\\\\u0000\\u001b\\n\\r\\t\\u007f\\u0085\\u009b\\u2028\\u2029"/);
  assert.equal(JSON.parse(line).user_agent, odd);
});

test('whatever bytes a client sends, the line is one, UTF-8 and JSON that tells them', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (uri, userAgent, host) => {
      const { line, value } = read({
        uri,
        userAgent,
        referer: userAgent,
        host,
        authorization: `Basic ${host}`,
      });
      assert.equal(line.indexOf('\n'), line.length - 1);
      assert.ok(isUtf8(line));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the line must have none
      assert.equal(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/.test(line.toString('utf8')), false);
      for (const [key, sent] of [
        ['uri', uri],
        ['user_agent', userAgent],
        ['host', host],
      ] as const) {
        const buffer = Buffer.from(sent, 'latin1');
        assert.equal(value[key], isUtf8(buffer) ? buffer.toString('utf8') : sent);
      }
    }),
  );
});
