import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeRequest, decodeSize, encodeFrame, FrameReader, frameLimit } from './terminal.ts';

test('what is typed arrives whole, in whatever pieces the socket gives', () => {
  const frame = fc.record({
    kind: fc.constantFrom('input', 'output', 'errors', 'end'),
    bytes: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(fc.array(frame), fc.integer({ min: 1, max: 20 }), (frames, size) => {
      const wire = Buffer.concat(frames.map(({ kind, bytes }) => encodeFrame(kind as 'input', bytes)));
      const reader = new FrameReader();
      const found: unknown[] = [];
      for (let at = 0; at < wire.length; at += size)
        for (const { kind, bytes } of reader.push(wire.subarray(at, at + size)) ?? [])
          found.push({ kind, bytes: new Uint8Array(bytes) });
      assert.deepEqual(
        found,
        frames.map(({ kind, bytes }) => ({ kind, bytes: new Uint8Array(bytes) })),
      );
    }),
  );
});

test('bytes that are no frame end the conversation', () => {
  for (const bytes of [Buffer.from([99, 0, 0, 0, 0]), Buffer.from([2, 255, 255, 255, 255])]) {
    const reader = new FrameReader();
    assert.equal(reader.push(bytes), null);
    assert.equal(reader.push(encodeFrame('end')), null);
  }
  assert.equal(new FrameReader().push(encodeFrame('input', Buffer.alloc(frameLimit + 1)))?.length, 2);
});

test('only a whole request is one, and nothing odd gets into the environment', () => {
  const request = {
    name: 'hello',
    what: 'exec',
    argv: ['ls'],
    env: { COLOUR: 'blue' },
    terminal: { columns: 80, rows: 24, term: 'xterm-256color' },
  };
  const decode = (value: unknown) => decodeRequest(Buffer.from(JSON.stringify(value)));
  assert.deepEqual(decode(request), request);
  assert.deepEqual(decode({ ...request, env: undefined }), { ...request, env: {} });
  for (const wrong of [
    { argv: [] },
    { argv: ['a\0b'] },
    { what: 'sudo' },
    { env: { 'A B': 'x' } },
    { env: { HOSTD_RUN: 'x' } },
    { env: { A: 'a\0b' } },
    { env: 'A=b' },
    { name: 7 },
    { terminal: { columns: 80, rows: 24, term: '../../etc' } },
    { terminal: { columns: 0, rows: 24, term: 'x' } },
    { terminal: 'yes' },
  ])
    assert.equal(decode({ ...request, ...wrong }), null);
  assert.equal(decodeRequest(Buffer.from('{')), null);
  assert.equal(decodeSize(Buffer.from('{"columns":1e9,"rows":1}')), null);
});

test('a long frame that comes byte by byte costs as much as it is long, not its square', () => {
  const read = (length: number): number => {
    const frame = encodeFrame('input', Buffer.alloc(length));
    const reader = new FrameReader();
    const start = performance.now();
    for (let at = 0; at < frame.length; at++) reader.push(frame.subarray(at, at + 1));
    return Math.max(0.5, performance.now() - start);
  };
  read(4096);
  // Other work of the machine can only add time. Quadratic time would be 64 times as long.
  const ratios = [1, 2, 3].map(() => read(131_072) / read(16_384));
  assert.ok(Math.min(...ratios) < 40, String(ratios));
});
