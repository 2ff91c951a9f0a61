import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crackHead, header, pathOf } from './head.ts';

const crack = (text: string) => crackHead(Buffer.from(text, 'latin1'));

test('a head is cracked as Medusa does, with an empty line before it and lines that go on', () => {
  assert.deepEqual(crack('\r\nPOST /RPC2 HTTP/1.1\r\nHost: \r\nX: a\r\n b'), {
    request: 'POST /RPC2 HTTP/1.1',
    command: 'POST',
    uri: '/RPC2',
    version: '1.1',
    lines: ['Host: ', 'X: ab'],
  });
  assert.equal(crack('GET /x')?.version, null);
});

test('what Medusa closes the connection at is no head', () => {
  for (const text of [
    '',
    'FOO',
    'GET  /x HTTP/1.1',
    'GET /x HTTP/1.1 ',
    'GET /x HTTP/1.1\r\n y',
    'GET /\xff HTTP/1.1',
  ])
    assert.equal(crack(text), null, JSON.stringify(text));
});

test('a header needs its blank, whatever its case', () => {
  const head = crack('POST / HTTP/1.1\r\ncontent-LENGTH: 5\r\nX:6');
  assert.ok(head !== null);
  assert.equal(header(head, 'Content-Length'), '5');
  assert.equal(header(head, 'X'), null);
});

test('paths are unquoted', () => {
  const path = (uri: string) => pathOf(crack(`GET ${uri} HTTP/1.1`) ?? assert.fail());
  assert.equal(path('/log%74ail/a%3Ab?x%41'), 'logtail/a:b');
  assert.equal(path('//x;y#z'), 'x');
  assert.equal(path('/%C3%A9'), 'é');
});
