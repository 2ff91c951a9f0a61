import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventKinds, type Happening } from '../model/happenings.ts';
import { decodeEvent, encodeEvent, whatOf } from './journal.ts';

const at = Date.UTC(2026, 10, 28, 3, 4, 5, 6);

test('an event is one line, whatever its name and cause are, and comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary', maxLength: 300 }),
      (name, cause) => {
        const line = encodeEvent(7, at, { kind: 'fatal', name, cause }, 0);
        assert.equal(line.indexOf('\n'), line.length - 1);
        const event = decodeEvent(line);
        assert.equal(event?.name, name);
        assert.equal(event?.cause, cause.trim());
      },
    ),
  );
});

test('the line has what scripts look for, and a long cause is cut', () => {
  const happening: Happening = { kind: 'stopping', name: 'hello', cause: 'x'.repeat(5000), by: 'alice' };
  const { cause, ...rest } = JSON.parse(encodeEvent(7, at, happening, 3));
  assert.deepEqual(rest, {
    seq: 7,
    time: '2026-11-28T03:04:05.006Z',
    kind: 'stopping',
    severity: 'info',
    name: 'hello',
    by: 'alice',
    repeated: 3,
  });
  assert.ok(cause.length < 500);
});

test('what is no event is none; what a newer hostd has written is one', () => {
  for (const line of [
    '',
    '{}',
    'null',
    '[1]',
    '{"seq":1',
    '{"seq":1,"time":"x","kind":"a","name":"","cause":""}',
  ])
    assert.equal(decodeEvent(line), null, line);
  const newer = decodeEvent(
    `{"seq":1,"time":"${new Date(at).toISOString()}","kind":"asleep","name":"a","cause":"b"}`,
  );
  assert.equal(newer && whatOf(newer), 'asleep');
});

test('each kind says what it is, and ends kinds that there are', () => {
  const known = new Set(Object.keys(eventKinds));
  for (const [kind, { what, meaning, ends }] of Object.entries(eventKinds)) {
    assert.match(kind, /^[a-z-]+$/);
    assert.ok(what.length > 0 && meaning.length > 0);
    assert.deepEqual(
      ends.filter(ended => !known.has(ended)),
      [],
    );
  }
});

test('docs/events.md tells of every kind', () => {
  const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
  for (const kind of Object.keys(eventKinds)) assert.ok(page.includes(`\`${kind}\``), kind);
});
