import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEvent } from '../../protocol/journal.ts';
import { EventLines } from './event-lines.ts';

const at = new Date(2026, 10, 28, 3, 4, 5).getTime();
const print = (lines: string, json = false, hasColours = false) =>
  new EventLines(json, hasColours).push(Buffer.from(lines));

test('one line an event: local time, name, what, cause', () => {
  const lines =
    encodeEvent(
      1,
      at,
      { kind: 'backoff', name: 'hello', cause: 'exited too quickly (exit status 1)', tries: 2 },
      0,
    ) + encodeEvent(2, at, { kind: 'running', name: 'hello:celery', cause: '' }, 7);
  assert.equal(
    print(lines),
    [
      '2026-11-28 03:04:05  hello                BACKOFF          exited too quickly (exit status 1)',
      '2026-11-28 03:04:05  hello:celery         RUNNING          (and 7 like it before)',
      '',
    ].join('\n'),
  );
});

test('what an app has supplied neither begins a line nor steers a terminal', () => {
  const hostile = 'x\n2026-11-28 03:04:05  root  RUNNING\x1b[2J\u202e';
  const line = encodeEvent(1, at, { kind: 'health', name: hostile, cause: hostile }, 0);
  for (const json of [false, true]) {
    const shown = print(line, json, true).replaceAll('\x1b[33m', '').replaceAll('\x1b[0m', '');
    assert.equal(shown.split('\n').length, 2);
    assert.ok(!shown.includes('\x1b') && !shown.includes('\u202e'), shown);
  }
  assert.equal(JSON.parse(print(line, true)).name, hostile);
});

test('pieces of any size, and what is no event', () => {
  const bytes = Buffer.from(
    `half of a li\n${encodeEvent(1, at, { kind: 'fatal', name: 'é', cause: 'ü' }, 0)}{"seq":1}\n`,
  );
  for (let size = 1; size < bytes.length; size++) {
    const lines = new EventLines(false, false);
    let shown = '';
    for (let from = 0; from < bytes.length; from += size)
      shown += lines.push(bytes.subarray(from, from + size));
    assert.equal(shown, '2026-11-28 03:04:05  é                    FATAL            ü\n');
  }
});
