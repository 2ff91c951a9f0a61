import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkWatch } from './chunk-watch.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

test('a chunk that announces more than may come is seen before it comes', () => {
  assert.equal(new ChunkWatch(100).exceeds(bytes('65\r\n')), true);
  assert.equal(new ChunkWatch(0).exceeds(bytes('FFFFFFFFFFFFFFFF\r\n')), true);
  assert.equal(new ChunkWatch(9).exceeds(bytes('5\r\nhello\r\n5\r\n')), true);
});

test('bodies within the limit pass, however they are cut into packets', () => {
  const chunks = fc.array(
    fc.string({ minLength: 1, maxLength: 40 }).map(text => text.replace(/[^a-z]/g, 'x')),
  );
  fc.assert(
    fc.property(chunks, fc.nat({ max: 50 }), (texts, step) => {
      const size = texts.reduce((sum, text) => sum + text.length, 0);
      const body = `${texts.map(text => `${text.length.toString(16)};e=1\r\n${text}\r\n`).join('')}0\r\n\r\n`;
      const exact = new ChunkWatch(Math.max(size, 1));
      const less = new ChunkWatch(Math.max(size - 1, 1));
      let within = false;
      let beyond = false;
      for (let at = 0; at < body.length; at += step + 1) {
        const packet = bytes(body.slice(at, at + step + 1));
        within ||= exact.exceeds(packet);
        beyond ||= less.exceeds(packet);
      }
      assert.equal(within, false);
      assert.equal(beyond, size > 1);
    }),
  );
});

test('a chunk’s line may not go on for ever', () => {
  assert.equal(new ChunkWatch(0).exceeds(bytes(`5;${'x'.repeat(16_000)}\r\n`)), false);
  assert.equal(new ChunkWatch(0).exceeds(bytes(`5;${'x'.repeat(17_000)}`)), true);
});
