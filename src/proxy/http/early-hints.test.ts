import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { earlyHints } from './early-hints.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';

function headOf(text: string): ResponseHead {
  const parsed = parseResponseHead(text, 32_768);
  assert.equal(parsed.kind, 'head');
  return (parsed as { readonly head: ResponseHead }).head;
}

test('links are passed as they came, and nothing else is', () => {
  const head = headOf(
    'HTTP/1.1 103 Whatever\r\nlink: </a.css>; rel=preload; as=style, </b.js>; rel=preload\r\n' +
      'Set-Cookie: a=1\r\nServer: x\r\nContent-Length: 5\r\nLINK: <//cdn>; rel="preconnect x"\r\n\r\n',
  );
  assert.equal(
    earlyHints(head, 32_768),
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style, </b.js>; rel=preload\r\n' +
      'Link: <//cdn>; rel="preconnect x"\r\n\r\n',
  );
});

test('other interim answers, and hints without a link, are not', () => {
  assert.equal(earlyHints(headOf('HTTP/1.1 102 Processing\r\nLink: </a>\r\n\r\n'), 32_768), null);
  assert.equal(earlyHints(headOf('HTTP/1.1 103 Early Hints\r\nX: y\r\nLink:\r\n\r\n'), 32_768), null);
});

test('a link for which there is no room is left out', () => {
  const head = headOf(`HTTP/1.1 103 E\r\nLink: <${'a'.repeat(200)}>\r\nLink: <b>\r\n\r\n`);
  assert.equal(earlyHints(head, 100), 'HTTP/1.1 103 Early Hints\r\nLink: <b>\r\n\r\n');
  assert.equal(earlyHints(head, 20), null);
});

test('whatever an app says, the hints are one whole interim answer within their room', () => {
  const value = fc.string().map(text => Buffer.from(text).toString('latin1'));
  const field = fc.tuple(fc.constantFrom('Link', 'link', 'X-Link', 'Content-Length', 'Set-Cookie'), value);
  fc.assert(
    fc.property(fc.array(field), fc.nat({ max: 300 }), (fields, room) => {
      const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join('');
      const parsed = parseResponseHead(`HTTP/1.1 103 x\r\n${lines}\r\n`, 32_768);
      if (parsed.kind !== 'head') return;
      const text = earlyHints(parsed.head, room);
      if (text === null) return;
      assert.ok(text.length <= room);
      assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\n(?:Link: [^\r\n]+\r\n)+\r\n$/);
    }),
  );
});
