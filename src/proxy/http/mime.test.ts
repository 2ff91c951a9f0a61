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

test('what nginx has no type for is what browsers need', () => {
  const named = Object.entries({
    mjs: 'text/javascript',
    webmanifest: 'application/manifest+json',
    ttf: 'font/ttf',
    otf: 'font/otf',
    csv: 'text/csv',
    vtt: 'text/vtt',
    ics: 'text/calendar',
    flac: 'audio/flac',
    opus: 'audio/ogg',
    avif: 'image/avif',
    wasm: 'application/wasm',
  });
  for (const [extension, type] of named) assert.equal(mediaType(`/static/a.${extension}`), type);
});
