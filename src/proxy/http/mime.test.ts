import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType } from './mime.ts';

test('a type goes by the last extension, in any case', () => {
  assert.equal(mediaType('/static/a.js'), 'application/javascript');
  assert.equal(mediaType('/static/A.TXT'), 'text/plain');
  assert.equal(mediaType('/static/a.tar.png'), 'image/png');
});

test('what has none that is known is bytes', () => {
  for (const path of ['/a', '/a.', '/a.b/c', '/a.unknown', '/a.map']) {
    assert.equal(mediaType(path), 'application/octet-stream', path);
  }
});
