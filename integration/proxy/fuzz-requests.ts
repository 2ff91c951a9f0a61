// Random bytes that were valid requests once: pipelined, then bent in framing, blanks, case, line ends and order.

import fc from 'fast-check';

const pieces = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

const target = fc.oneof(
  { weight: 8, arbitrary: pieces('/a', '/b?c=d', '/c/../d', '/e%2Ff', '/static/a.txt') },
  {
    weight: 1,
    arbitrary: pieces('http://hello.test/abs', '//x', '/g#h', '/\xe9', '*', '/%', 'hello.test:80'),
  },
);

const plain = fc.oneof(
  {
    weight: 9,
    arbitrary: pieces(
      'Accept: */*',
      'X-A: b',
      'Cookie: a=b; c=d',
      'Connection: keep-alive',
      'Connection: X-A',
      'Upgrade: h2c',
      'X-Forwarded-Proto: https',
      'X_Y: z',
    ),
  },
  {
    weight: 1,
    arbitrary: pieces(
      'Connection: close',
      'Connection: Upgrade, Content-Length',
      'Expect: 100-continue',
      'Transfer-encoding: chunked',
      'Content-Length: 3',
      'Host: hello.test',
    ),
  },
);

/** What a body holds when somebody tries: another request. */
const hidden = 'GET /smuggled HTTP/1.1\r\nHost: hello.test\r\n\r\n';

const framed = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ fields: [] as readonly string[], body: '' }) },
  {
    weight: 6,
    arbitrary: pieces('abc', hidden, '').map(body => ({ fields: [`Content-Length: ${body.length}`], body })),
  },
  {
    weight: 6,
    arbitrary: pieces('abc', hidden, '').map(text => ({
      fields: ['Transfer-Encoding: chunked'],
      body: `${text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`}0\r\n\r\n`,
    })),
  },
  {
    weight: 1,
    arbitrary: pieces('3', '+3', '03', '3,3', '0x3', '-3', '', '99999999999999999999').map(length => ({
      fields: [`Content-Length: ${length}`],
      body: 'abc',
    })),
  },
  {
    weight: 1,
    arbitrary: pieces(
      'Chunked',
      'chunked,',
      'identity',
      'gzip, chunked',
      'chunked, chunked',
      '"chunked"',
      'xchunked',
      '',
    ).map(coding => ({ fields: [`Transfer-Encoding: ${coding}`], body: `2b\r\n${hidden}\r\n0\r\n\r\n` })),
  },
  {
    weight: 1,
    arbitrary: pieces('4', '43', '0', '6').map(length => ({
      fields: [`Content-Length: ${length}`, 'Transfer-Encoding: chunked'],
      body: `0\r\n\r\n${hidden}`,
    })),
  },
);

const valid = fc
  .record({
    method: pieces('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS'),
    target,
    version: fc.oneof(
      { weight: 9, arbitrary: pieces('HTTP/1.1') },
      { weight: 1, arbitrary: pieces('HTTP/1.0', 'HTTP/1.2') },
    ),
    host: fc.oneof(
      { weight: 9, arbitrary: pieces('Host: hello.test') },
      { weight: 1, arbitrary: pieces('Host: HELLO.test:80', 'Host: other.test', 'Host:') },
    ),
    fields: fc.array(plain, { maxLength: 2 }),
    framed,
  })
  .map(({ method, target: path, version, host, fields, framed: { fields: more, body } }) => {
    const lines = [`${method} ${path} ${version}`, host, ...fields, ...more];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  });

/** One change to the bytes, at a place given as a part of their length. */
const mutation = fc.record({
  what: pieces('insert', 'insert', 'delete', 'case', 'double', 'swap'),
  where: fc.double({ min: 0, max: 1, noNaN: true }),
  text: pieces(
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\0',
    '\x0b',
    '\x85',
    '\xa0',
    ':',
    ',',
    ';',
    '0',
    '1',
    'f',
    '-',
    '+',
    hidden,
  ),
  size: fc.integer({ min: 1, max: 4 }),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(text: string, { what, where, text: inserted, size }: Mutation): string {
  const at = nearLineEnd(text, Math.floor(where * text.length), size);
  const before = text.slice(0, at);
  const piece = text.slice(at, at + size);
  const rest = text.slice(at + size);
  switch (what) {
    case 'insert':
      return before + inserted + piece + rest;
    case 'delete':
      return before + rest;
    case 'case':
      return before + (piece === piece.toUpperCase() ? piece.toLowerCase() : piece.toUpperCase()) + rest;
    case 'double':
      return before + piece + piece + rest;
    default:
      return before + rest.slice(0, size) + piece + rest.slice(size);
  }
}

/** Line ends are where parsers disagree: half of the changes are made at one. */
function nearLineEnd(text: string, at: number, size: number): number {
  if (size % 2 === 0) return at;
  const end = text.indexOf('\r\n', at);
  return end === -1 ? at : end;
}

/** One to three requests in a row, with up to two changes. */
export const requests: fc.Arbitrary<string> = fc
  .tuple(fc.array(valid, { minLength: 1, maxLength: 3 }), fc.array(mutation, { maxLength: 2 }))
  .map(([texts, changes]) => changes.reduce(mutate, texts.join('')));
