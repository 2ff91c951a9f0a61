import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { type Outlet, ResponseWriter } from './response-writer.ts';

/** A client's connection that takes everything at once. `got` keeps it. */
function client(): Outlet & { readonly got: string[] } {
  const got: string[] = [];
  const socket = new Writable({
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      if (chunk.length > 0) got.push(chunk.toString('latin1'));
      done();
    },
    writev(chunks, done) {
      got.push(chunks.map(({ chunk }) => (chunk as Buffer).toString('latin1')).join(''));
      done();
    },
  });
  return {
    socket: socket as Socket,
    secure: false,
    unsent: () => {},
    siteNumber: 0,
    broke: error => assert.fail(String(error)),
    got,
  };
}

const keepAlive = ['Connection', 'keep-alive'];

test('a header and a small body leave in one write', () => {
  const to = client();
  const writer = new ResponseWriter(to, 'GET', true);
  writer.writeHead(200, 'OK', ['Content-Length', '2', ...keepAlive]);
  assert.deepEqual(to.got, []);
  writer.end('hé');
  assert.deepEqual(to.got, ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhé']);
  assert.equal(writer.isFinished, true);
  assert.equal(writer.isLast, false);
});

test('an answer without a length is sent in chunks, with its end', () => {
  const to = client();
  const writer = new ResponseWriter(to, 'GET', true);
  writer.writeHead(200, 'OK', ['Transfer-Encoding', 'chunked']);
  writer.write(Buffer.from('0123456789abcdef'));
  writer.end('x');
  assert.equal(
    to.got.join(''),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n1\r\nx\r\n0\r\n\r\n',
  );
});

for (const [method, status] of [
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
] as const) {
  test(`${method} answered with ${status} has no body, whatever its header says`, () => {
    const to = client();
    const writer = new ResponseWriter(to, method, true);
    writer.writeHead(status, '', ['Transfer-Encoding', 'chunked', ...keepAlive]);
    writer.end('body');
    assert.ok(to.got.join('').endsWith('keep-alive\r\n\r\n'), to.got.join(''));
  });
}

test('no field and no reason can begin a line of its own', () => {
  const writer = new ResponseWriter(client(), 'GET', true);
  assert.throws(() => writer.writeHead(302, 'Found', ['Location', '/\r\nSet-Cookie: a=b']), /"Location"/);
  assert.throws(() => writer.writeHead(200, 'OK\n', []), /reason/);
  assert.throws(() => writer.writeHead(200, 'OK', ['X', 'a\0b']), /"X"/);
});

test('a header that could not be sent leaves nothing behind in the one that is', () => {
  const to = client();
  const writer = new ResponseWriter(to, 'GET', true);
  const bad = ['Connection', 'close', 'Transfer-Encoding', 'chunked', 'X', '\n'];
  assert.throws(() => writer.writeHead(200, 'OK', bad));
  writer.writeHead(502, 'Bad Gateway', ['Content-Length', '4', ...keepAlive]);
  writer.end('page');
  assert.ok(to.got.join('').endsWith('keep-alive\r\n\r\npage'), to.got.join(''));
  assert.equal(writer.isLast, false);
});

test('who waits for its end hears of it once, also when the connection ends first', () => {
  const to = client();
  const writer = new ResponseWriter(to, 'GET', true);
  const told: string[] = [];
  writer.onClose({ closed: () => told.push('first') });
  writer.onClose({ closed: () => told.push('second') });
  writer.close();
  writer.end('late');
  assert.deepEqual(told, ['first', 'second']);
  assert.equal(writer.isFinished, false);
});

test('the bytes of the body are counted with their framing, and without what was not sent', () => {
  const written = (method: string, fields: readonly string[], ...bytes: readonly string[]): number => {
    const writer = new ResponseWriter(client(), method, true);
    writer.writeHead(200, 'OK', fields);
    for (const piece of bytes) writer.write(Buffer.from(piece));
    writer.end('end');
    return writer.bodyBytes;
  };
  assert.equal(written('GET', ['Content-Length', '3']), 3);
  assert.equal(written('HEAD', ['Content-Length', '3']), 0);
  assert.equal(written('GET', [], 'ab', 'c'), 6);
  assert.equal(
    written('GET', ['Transfer-Encoding', 'chunked'], 'x'.repeat(16)),
    '10\r\n\r\n'.length + 16 + '3\r\nend\r\n0\r\n\r\n'.length,
  );
});

test('Connection: close says that the connection is to end', () => {
  const writer = new ResponseWriter(client(), 'GET', true);
  writer.writeHead(200, 'OK', ['Connection', 'close']);
  assert.equal(writer.isLast, true);
});
