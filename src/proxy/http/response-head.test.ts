import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseResponseHead } from './response-head.ts';

const limit = 1000;
const kind = (text: string): string => parseResponseHead(text, limit).kind;

test('a good header is read to its end, and no further', () => {
  const text = 'HTTP/1.1 200 Fine And Dandy\r\nA:  b \r\na: c\r\nContent-Length: 2\r\n\r\nok';
  assert.deepEqual(parseResponseHead(text, limit), {
    kind: 'head',
    size: text.length - 2,
    head: {
      status: 200,
      reason: 'Fine And Dandy',
      minor: 1,
      fields: [
        { name: 'A', lower: 'a', value: 'b' },
        { name: 'a', lower: 'a', value: 'c' },
        { name: 'Content-Length', lower: 'content-length', value: '2' },
      ],
      framing: { kind: 'length', length: 2 },
      persistent: true,
    },
  });
});

test('what is doubtful is bad', () => {
  const bad = [
    'HELLO\r\n\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'HTTP/1.1 099 X\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX A: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\n: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA : b\r\n\r\n',
    'HTTP/1.1 200 OK\r\n A: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\nB: c\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(limit)}`,
  ];
  for (const text of bad) assert.equal(kind(text), 'bad', JSON.stringify(text));
});

test('a connection is kept as its version and its Connection field say', () => {
  const persistent = (text: string): boolean | null => {
    const parsed = parseResponseHead(text, limit);
    return parsed.kind === 'head' ? parsed.head.persistent : null;
  };
  assert.equal(persistent('HTTP/1.1 200 OK\r\n\r\n'), true);
  assert.equal(persistent('HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n'), false);
  assert.equal(persistent('HTTP/1.0 200 OK\r\n\r\n'), false);
  assert.equal(persistent('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n'), true);
});

test('the verdict is the same however the bytes are cut, and a beginning is never bad before its time', () => {
  const token = fc.string({ unit: fc.constantFrom('a', 'B', '-', '1'), minLength: 1 });
  const value = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\xe9', ':', ',') });
  fc.assert(
    fc.property(fc.array(fc.tuple(token, value)), fc.nat(), (pairs, cut) => {
      const text = `HTTP/1.1 200 OK\r\n${pairs.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`;
      const whole = parseResponseHead(text, 100_000);
      assert.equal(whole.kind, 'head');
      assert.equal(parseResponseHead(text.slice(0, cut % text.length), 100_000).kind, 'more');
      assert.deepEqual(parseResponseHead(`${text}rest`, 100_000), whole);
      if (whole.kind === 'head')
        assert.deepEqual(
          whole.head.fields.map(({ name }) => name),
          pairs.map(([name]) => name),
        );
    }),
  );
});

test('no bytes whatever make a field with a control character', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('a', ':', '\r', '\n', '\r\n', '\0', ' ', 'Content-Length: 1', '\x7f'),
  });
  fc.assert(
    fc.property(nasty, text => {
      const parsed = parseResponseHead(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`, 100_000);
      if (parsed.kind !== 'head') return;
      for (const { name, value } of parsed.head.fields)
        assert.ok(
          ![...name, ...value].some(
            character => character !== '\t' && (character < ' ' || character === '\x7f'),
          ),
        );
    }),
  );
});
