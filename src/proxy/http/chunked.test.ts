import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkedDecoder } from './chunked.ts';

interface Decoded {
  readonly kind: string;
  readonly body: string;
  readonly rest: string;
}

/** Decodes `text` in pieces of `step` bytes. */
function decode(text: string, step = text.length): Decoded {
  const decoder = new ChunkedDecoder();
  let body = '';
  for (let at = 0; at < text.length; at += step) {
    const bytes = Buffer.from(text.slice(at, at + step), 'latin1');
    const result = decoder.decode(bytes, piece => {
      body += Buffer.from(piece).toString('latin1');
    });
    if (result.kind === 'bad') return { kind: 'bad', body, rest: '' };
    if (result.kind === 'done') return { kind: 'done', body, rest: text.slice(at + result.used) };
  }
  return { kind: 'more', body, rest: '' };
}

test('any body comes out as it went in, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 40 }), (texts, step) => {
      const chunks = texts.map(text => Buffer.from(text).toString('latin1'));
      const coded = chunks.map(chunk => `${chunk.length.toString(16)};x="y"\r\n${chunk}\r\n`).join('');
      const result = decode(`${coded}0\r\nTrailer: x\r\n\r\nrest`, step);
      assert.equal(result.kind, 'done');
      assert.equal(result.body, chunks.join(''));
      assert.equal(result.rest.slice(-4), 'rest');
    }),
  );
});

test('what the coding does not allow is bad', () => {
  for (const text of [
    'ZZ\r\n',
    '+5\r\n',
    '0x5\r\n',
    '5\n',
    '\r\n',
    '5 \r\n',
    '5\r\nhelloX',
    '1000000000000\r\n',
    '0\r\nx\n',
    '5;\r\nhello\r\n',
    '5;\x01\r\nhello\r\n',
    '5;a="\r\nhello\r\n',
    '0\r\nx\r\n',
    '0\r\n A: b\r\n',
    '0\r\nA : b\r\n',
    '0\r\nA: \0\r\n',
  ]) {
    assert.equal(decode(`${text}\r\n\r\n`).kind, 'bad', JSON.stringify(text));
  }
  assert.equal(decode(`5;${'x'.repeat(5000)}`).kind, 'bad');
  assert.equal(decode(`0\r\n${'A: b\r\n'.repeat(5000)}`).kind, 'bad');
});
