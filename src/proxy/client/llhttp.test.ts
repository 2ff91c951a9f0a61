import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RequestParser } from './llhttp.ts';

interface Read {
  readonly line: string;
  readonly fields: readonly string[];
  readonly keepAlive: boolean;
  readonly body: string;
  /** The bytes that were not read. */
  readonly rest: string;
}

/** Reads one request that comes in packets. `hasBody`: what its framing says. Returns a string for an error. */
function read(packets: readonly string[], hasBody = false, room = 1e6): Read | string {
  const parser = RequestParser.take();
  const pieces: Buffer[] = [];
  let rest = '';
  let head: Pick<Read, 'line' | 'fields' | 'keepAlive'> | null = null;
  try {
    for (const packet of packets) {
      let bytes = Buffer.from(packet, 'latin1');
      if (!parser.isHeadRead) {
        const used = parser.readHead(bytes, room, 100);
        if (used === -1) return parser.error;
        bytes = bytes.subarray(used);
        if (!parser.isHeadRead) continue;
        const { method, url, version, keepAlive } = parser;
        head = { line: `${method} ${url} ${version}`, fields: [...parser.fields], keepAlive };
      }
      if (hasBody && !parser.isEndRead) {
        const used = parser.readBody(bytes, pieces);
        if (used === -1) return parser.error;
        bytes = bytes.subarray(used);
      }
      rest += bytes.toString('latin1');
    }
  } finally {
    parser.release();
  }
  return head === null ? 'more' : { ...head, body: Buffer.concat(pieces).toString('latin1'), rest };
}

test('a head is read as it came, up to its end', () => {
  const text = 'GET /a?b=%20 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nx-spaced: \t y z \t\r\nÃ: no\r\n\r\n';
  assert.equal(read([text]), 'INVALID_HEADER_TOKEN');
  assert.deepEqual(read([`${text.replace('Ã: no', 'B: Ã')}GET /next`]), {
    line: 'GET /a?b=%20 1.1',
    fields: ['Host', 'a', 'X-Empty', '', 'x-spaced', 'y z', 'B', 'Ã'],
    keepAlive: true,
    body: '',
    rest: 'GET /next',
  });
});

test('white space at the end of a value is none of it, wherever a packet ends', () => {
  const text = 'GET / HTTP/1.1\r\nHost: a \t\r\n\r\n';
  for (let at = 1; at < text.length; at++) {
    const got = read([text.slice(0, at), text.slice(at)]) as Read;
    assert.deepEqual(got.fields, ['Host', 'a'], `${at}`);
  }
});

test('what is not HTTP is called by its name', () => {
  assert.equal(read(['GET / HTTP/1.1\nHost: a\n\n']), 'INVALID_VERSION');
  assert.equal(read(['get / HTTP/1.1\r\n\r\n']), 'INVALID_METHOD');
  assert.equal(read(['GET / HTTP/1.9\r\n\r\n']), 'INVALID_VERSION');
  assert.equal(read(['GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n']), 'INVALID_HEADER_TOKEN');
  const both = 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.equal(typeof read([both]), 'string');
  assert.equal(
    read(['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n'], true),
    'INVALID_CHUNK_SIZE',
  );
});

test('the client says whether the connection may go on', () => {
  const keepsAlive = (text: string): unknown => (read([text]) as Read).keepAlive;
  assert.equal(keepsAlive('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), false);
  assert.equal(keepsAlive('GET / HTTP/1.0\r\n\r\n'), false);
  assert.equal(keepsAlive('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'), true);
});

test('a body of more than the parser takes at once is read to its end', () => {
  const body = 'x'.repeat(200_000);
  const text = `POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n${body}GET`;
  const got = read([text], true) as Read;
  assert.equal(got.body, body);
  assert.equal(got.rest, 'GET');
});

test('how a request is cut into packets changes nothing', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const fields = fc.array(fc.tuple(word, fc.oneof(fc.constant(''), word)), { maxLength: 6 });
  const chunks = fc.array(word, { maxLength: 5 });
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });
  fc.assert(
    fc.property(word, fields, chunks, fc.boolean(), cuts, (path, fields, chunks, hasTrailer, cuts) => {
      const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const body = chunks.map(text => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
      const trailer = hasTrailer ? 'T: u\r\n' : '';
      const text =
        `POST /${path} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n` +
        `${body}0\r\n${trailer}\r\nGET`;
      const packets: string[] = [];
      let at = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        if (cut > at) packets.push(text.slice(at, cut));
        at = Math.max(at, cut);
      }
      packets.push(text.slice(at));
      const got = read(
        packets.filter(packet => packet !== ''),
        true,
      );
      assert.deepEqual(got, read([text], true));
      assert.deepEqual(got, {
        line: `POST /${path} 1.1`,
        fields: [...fields.flat(), 'Transfer-Encoding', 'chunked'],
        keepAlive: true,
        body: chunks.join(''),
        rest: 'GET',
      });
    }),
  );
});
