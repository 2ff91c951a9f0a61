// Answers of an app as random bytes, what hostd's parsers make of them, and what node's own client does.

import http from 'node:http';
import fc from 'fast-check';
import { ChunkedDecoder } from '../../src/proxy/http/chunked.ts';
import { parseResponseHead, type ResponseHead } from '../../src/proxy/http/response-head.ts';

export interface Understood {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value ... */
  readonly fields: readonly string[];
  readonly body: string;
}

/** null: refused, or cut off, or not a whole answer. */
export type Verdict = Understood | null;

export interface Read {
  readonly answer: Understood;
  /** The bytes that it was read from. What an app says beyond them is dropped, with its connection; node's client calls it an error. */
  readonly bytes: string;
}

/** What hostd's parsers make of an answer to GET that comes in pieces of `step` bytes, and then the connection ends. */
export function readAsHostd(bytes: string, step: number): Read | null {
  let rest = bytes;
  for (let interim = 0; interim <= 10; interim++) {
    const parsed = parseResponseHead(rest, 100_000);
    if (parsed.kind !== 'head' || parsed.head.status === 101) return null;
    rest = rest.slice(parsed.size);
    if (parsed.head.status < 200) continue;
    const read = readBody(parsed.head, rest, step);
    if (read === null) return null;
    return { answer: read.answer, bytes: bytes.slice(0, bytes.length - rest.length + read.used) };
  }
  return null;
}

interface Body {
  readonly body: string;
  readonly used: number;
}

function readBody(
  head: ResponseHead,
  rest: string,
  step: number,
): { readonly answer: Understood; readonly used: number } | null {
  const { status, reason } = head;
  const read = status === 204 || status === 304 ? { body: '', used: 0 } : framedBody(head, rest, step);
  if (read === null) return null;
  const fields = head.fields.flatMap(({ name, value }) => [name, value]);
  return { answer: { status, reason, fields, body: read.body }, used: read.used };
}

function framedBody({ framing }: ResponseHead, rest: string, step: number): Body | null {
  switch (framing.kind) {
    case 'close':
      return { body: rest, used: rest.length };
    case 'length':
      return rest.length < framing.length
        ? null
        : { body: rest.slice(0, framing.length), used: framing.length };
    case 'chunked':
      return dechunk(rest, step);
  }
}

function dechunk(text: string, step: number): Body | null {
  const decoder = new ChunkedDecoder();
  let body = '';
  for (let at = 0; at < text.length; at += step) {
    const result = decoder.decode(Buffer.from(text.slice(at, at + step), 'latin1'), piece => {
      body += Buffer.from(piece).toString('latin1');
    });
    if (result.kind === 'done') return { body, used: at + result.used };
    if (result.kind === 'bad') return null;
  }
  return null;
}

/** What node's client gets from `port` (or a unix socket); the answer may be cut off. */
export function readAsNode(
  options: { readonly port: number } | { readonly socketPath: string },
  path: string,
  host = 'hello.test',
): Promise<Verdict> {
  return new Promise(resolve => {
    const request = http.request({ ...options, path, headers: { Host: host }, agent: false }, response => {
      let body = '';
      response.on('data', (bytes: Buffer) => {
        body += bytes.toString('latin1');
      });
      response.on('error', () => resolve(null));
      response.on('close', () => {
        const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: fields, complete } = response;
        resolve(complete ? { status, reason, fields, body } : null);
      });
    });
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(null);
    });
    request.on('error', () => resolve(null));
    request.end();
  });
}

/** What hostd takes though node's client does not: an answer in which one of these is found. */
export const lenient: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /\n[0-9A-Fa-f]+[ \t]+;/, why: 'RFC 9112 section 7.1.1 allows blanks before a chunk extension' },
  {
    pattern: /\n0+(;[^\n]*)?\r\n([^\n]+\n)*(content-length|transfer-encoding):/i,
    why: 'trailers are dropped, whatever their names (RFC 9110 section 6.5.1)',
  },
];

export function isLenient(bytes: string): boolean {
  return lenient.some(({ pattern }) => pattern.test(bytes));
}

const pieces = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const joined = (piece: fc.Arbitrary<string>, most: number): fc.Arbitrary<string> =>
  fc.array(piece, { maxLength: most }).map(texts => texts.join(''));

const statusLine = fc.oneof(
  { weight: 6, arbitrary: pieces('HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 404 Not Found') },
  {
    weight: 2,
    arbitrary: pieces(
      'HTTP/1.1 204 No Content',
      'HTTP/1.1 304 Not Modified',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK',
      'HTTP/1.1 205 Reset Content',
      'HTTP/1.1 999 ',
      'HTTP/1.1 200',
      'HTTP/1.1 101 Switching Protocols',
    ),
  },
  {
    weight: 1,
    arbitrary: pieces(
      'HTTP/1.1  200 OK',
      'HTTP/1.1 20 OK',
      'HTTP/1.2 200 OK',
      'HTTP/1.1 200\tOK',
      'http/1.1 200 OK',
    ),
  },
);

const framing = fc.oneof(
  { weight: 5, arbitrary: pieces('Content-Length: 5', 'Transfer-Encoding: chunked', 'A: b') },
  {
    weight: 3,
    arbitrary: pieces(
      'content-length:0',
      'Content-Length: 05',
      'Content-Length: 5 ',
      'Content-Length: +5',
      'Content-Length: 5, 5',
      'Content-Length: 0x5',
      'Content-Length: ',
      'Content-Length: 99999999999999999999',
      'Transfer-Encoding: Chunked',
      'Transfer-Encoding: chunked ',
      'Transfer-Encoding: identity',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding: ',
      'Transfer-Encoding : chunked',
      'Transfer-Encoding\t: chunked',
    ),
  },
  {
    weight: 2,
    arbitrary: pieces(
      'Connection: close',
      'Connection: keep-alive',
      'Connection: upgrade',
      'Upgrade: x',
      'Trailer: B',
    ),
  },
  {
    weight: 1,
    arbitrary: joined(
      pieces('A', ':', ' ', '\t', '\r', '\n', '\r\n', '\0', '\x7f', '\xe9', '"', '(', 'Content-Length: 1'),
      5,
    ),
  },
);

const eol = fc.oneof(
  { weight: 30, arbitrary: pieces('\r\n') },
  { weight: 1, arbitrary: pieces('\n', '\r', '\r\r\n') },
);

/** Chunks that are right, nearly right, and wrong. */
export const chunkedBody: fc.Arbitrary<string> = joined(
  fc.oneof(
    { weight: 5, arbitrary: pieces('5\r\nhello\r\n', '1\r\nx\r\n', 'A\r\n0123456789\r\n', '0\r\n\r\n') },
    {
      weight: 2,
      arbitrary: pieces(
        '0005\r\nhello\r\n',
        '5;a\r\nhello\r\n',
        '5;a=b\r\nhello\r\n',
        '5;a="b;c"\r\nhello\r\n',
        '5 ;a\r\nhello\r\n',
        '5\t;a\r\nhello\r\n',
        '2\r\n\r\n\r\n',
        '000\r\n\r\n',
        '0\r\nB: c\r\n\r\n',
        '0\r\nB: c\r\nContent-Length: 3\r\n\r\n',
        '0;a\r\n\r\n',
      ),
    },
    {
      weight: 1,
      arbitrary: pieces(
        '5 \r\nhello\r\n',
        '5\nhello\r\n',
        '5\r\nhello\n',
        '5\r\nhell\r\n',
        '5\r\nhello!\r\n',
        '0x5\r\nhello\r\n',
        '-5\r\nhello\r\n',
        '5;\x01\r\nhello\r\n',
        '5;\r\nhello\r\n',
        '5;a=\r\nhello\r\n',
        '5;"\r\nhello\r\n',
        '5;a b\r\nhello\r\n',
        '5;\n\r\nhello\r\n',
        '5;\r\r\nhello\r\n',
        '10000000000000005\r\nhello\r\n',
        '0\r\n',
        '0\r\nB\r\n\r\n',
        '0\r\n B: c\r\n\r\n',
        '0\r\nB : c\r\n\r\n',
        '0\r\nB: c\rd\r\n\r\n',
        '0\r\nB: \0\r\n\r\n',
        '0\n\n',
        '\r\n',
        '\0',
      ),
    },
  ),
  5,
);

const body = fc.oneof(pieces('', 'hello', 'hello, and more', 'hell'), chunkedBody);

/** A whole answer, more or less. */
export const answer: fc.Arbitrary<string> = fc
  .tuple(statusLine, fc.array(fc.tuple(framing, eol), { maxLength: 4 }), eol, eol, body)
  .map(
    ([status, fields, first, last, rest]) =>
      `${status}${first}${fields.map(([field, end]) => `${field}${end}`).join('')}${last}${rest}`,
  );
