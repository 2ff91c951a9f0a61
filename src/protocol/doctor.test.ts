import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeExamined } from './doctor.ts';

test('a report is read with bounds, and anything else is none', () => {
  const finding = {
    check: 'log',
    severity: 'error',
    message: 'm',
    try: 't',
    file: null,
    line: 3,
    column: null,
  };
  const whole = { name: 'a', errors: 1, warnings: 0, findings: [finding], not_looked_at: [] };
  assert.deepEqual(decodeExamined(JSON.stringify([whole])), [whole]);
  for (const text of ['', '{', '{}', 'null', '"x"', '[null]']) assert.equal(decodeExamined(text), null, text);
  const odd = {
    name: 7,
    findings: [{ ...finding, severity: 'x', message: 'm'.repeat(9999) }, null, 3],
    x: [],
  };
  const [read] = decodeExamined(JSON.stringify([odd])) ?? [];
  assert.deepEqual([read?.name, read?.errors, read?.findings.length, read?.not_looked_at], [null, 0, 1, []]);
  assert.deepEqual([read?.findings[0]?.severity, read?.findings[0]?.message.length], ['note', 2000]);
  const many = { findings: Array.from({ length: 9999 }, () => finding) };
  assert.ok((decodeExamined(JSON.stringify([many]))?.[0]?.findings.length ?? 0) < 1000);
});
