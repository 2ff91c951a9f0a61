import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplyReader } from './http-reply.ts';

/** Feeds a reply in pieces of the given sizes, in turn. */
function read(reply: Buffer, sizes: readonly number[] = [reply.length || 1]) {
  const reader = new ReplyReader();
  const body: Buffer[] = [];
  for (let from = 0, turn = 0; from < reply.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    body.push(...reader.push(reply.subarray(from, from + size)));
    from += size;
  }
  return { whole: reader.end(), status: reader.head?.status ?? null, body: Buffer.concat(body) };
}

function chunked(parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const pieces = parts
    .filter(part => part.length > 0)
    .flatMap(part => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  return Buffer.concat([head, ...pieces, Buffer.from('0\r\n\r\n')]);
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

test('a reply means the same in whatever pieces it arrives', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 6 }), sizes, (parts, pieces) => {
      const body = Buffer.concat(parts);
      assert.deepEqual(read(chunked(parts), pieces), { whole: true, status: 200, body });
      const counted = Buffer.concat([
        Buffer.from(`HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n`),
        body,
      ]);
      assert.deepEqual(read(counted, pieces), { whole: true, status: 404, body });
    }),
  );
});

test('a reply that is cut off anywhere is never taken for whole', () => {
  const reply = chunked([Buffer.from('hello '), Buffer.from('world')]);
  for (let length = 0; length < reply.length; length++)
    assert.equal(read(reply.subarray(0, length)).whole, false, `after ${length} bytes`);
});

test('bytes that are not HTTP never do more than throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), sizes, (bytes, pieces) => {
      try {
        read(Buffer.from(bytes), pieces);
      } catch (error) {
        assert.match(String(error), /not HTTP/);
      }
    }),
  );
});

test('a reply without a length ends with the connection', () => {
  const reply = Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc');
  assert.deepEqual(read(reply), { whole: true, status: 200, body: Buffer.from('abc') });
});

test('replies without a body, interim replies, chunk extensions and trailers are understood', () => {
  for (const [text, status, body] of [
    ['HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 200, 'x'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nT: u\r\n\r\n', 200, 'x'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 000\r\n\r\n', 200, ''],
  ] as const)
    assert.deepEqual(read(Buffer.from(text)), { whole: true, status, body: Buffer.from(body) });
});

test('wrong framing is refused', () => {
  for (const text of [
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`,
  ])
    assert.throws(() => read(Buffer.from(text)), { code: 'failed' }, JSON.stringify(text.slice(0, 60)));
});
