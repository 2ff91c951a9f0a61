import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Examined } from '../../doctor/examine.ts';
import { made } from '../../doctor/finding.ts';
import { decodeExamined } from '../../protocol/doctor.ts';
import { examinedFrom, examinedJson, examinedText } from './doctor-lines.ts';

const at = { file: '/etc/a.toml', line: 3, column: 1 };
const sick: Examined = {
  name: 'hello',
  findings: [
    made('database', 'error', 'it is gone', 'start it', { at }),
    made('django', 'warning', 'a key', 'another'),
    made('log', 'note', 'x', null),
  ],
  unseen: [
    { check: 'request', why: 'it sleeps' },
    { check: 'static', why: 'it sleeps' },
  ],
};
const text = (examined: Examined, show: 'first' | 'faults' | 'way') =>
  examinedText(examined, { show, hasColours: false });

test('of many apps the first fault, and where the rest is', () => {
  assert.equal(
    text(sick, 'first'),
    'hello: 1 error, 1 warning\n  error: database: it is gone (/etc/a.toml:3:1)\n    try: start it\n  1 more: hostctl doctor hello\n',
  );
});

test('of one app every fault, and what was not looked at', () => {
  assert.equal(
    text(sick, 'faults'),
    'hello: 1 error, 1 warning\n  error: database: it is gone (/etc/a.toml:3:1)\n    try: start it\n  warning: django: a key\n    try: another\n  not looked at: request, static (it sleeps)\n',
  );
});

test('an app without a fault', () => {
  assert.equal(text({ name: 'hello', findings: [], unseen: [] }, 'faults'), 'hello: ok\n');
  assert.equal(
    text({ name: 'hello', findings: sick.findings.slice(2), unseen: [] }, 'faults'),
    'hello: ok (1 note: --all)\n',
  );
  assert.match(
    text({ name: 'hello', findings: [], unseen: sick.unseen }, 'faults'),
    /^hello: nothing wrong is seen\n {2}not looked at: request, static \(it sleeps\)\n$/,
  );
});

test('a check that does not apply to an app is not missed', () => {
  const flask = {
    name: 'hello',
    findings: [],
    unseen: [{ check: 'django', why: 'it is no Django project', isMoot: true }],
  } as const;
  assert.equal(text(flask, 'faults'), 'hello: ok\n');
  assert.equal(text(flask, 'first'), 'hello: ok\n');
  assert.match(text(flask, 'way'), /^ {2}not looked at: django \(it is no Django project\)$/m);
});

test('the whole way has each check once', () => {
  const lines = text(sick, 'way');
  assert.match(lines, /^hello\n {2}ok: configuration: /);
  assert.match(lines, /^ {2}not looked at: request \(it sleeps\)$/m);
  assert.match(lines, /^ {2}note: log: x$/m);
});

test('no text steers the terminal', () => {
  const forged = {
    name: 'hello',
    findings: [made('log', 'error', 'a\x1b[2Jb\nhello: ok', 'c\x07')],
    unseen: [],
  };
  assert.equal(
    text(forged, 'faults'),
    'hello: 1 error\n  error: log: a\\x1b[2Jb\\nhello: ok\n    try: c\\x07\n',
  );
});

test('as JSON', () => {
  const { findings, ...rest } = examinedJson(sick);
  const unseen = sick.unseen.map(one => ({ ...one, moot: false }));
  assert.deepEqual(rest, { name: 'hello', errors: 1, warnings: 1, not_looked_at: unseen });
  assert.deepEqual(findings[0], {
    check: 'database',
    severity: 'error',
    message: 'it is gone',
    try: 'start it',
    ...at,
  });
});

test('what hostd says as JSON is printed as if it had been seen here', () => {
  const unseen = [...sick.unseen, { check: 'name', why: 'it has none', isMoot: true } as const];
  const examined = { ...sick, unseen };
  const [read] = decodeExamined(JSON.stringify([examinedJson(examined)])) ?? [];
  assert.ok(read);
  for (const show of ['first', 'faults', 'way'] as const)
    assert.equal(text(examinedFrom(read), show), text(examined, show));
  assert.deepEqual(examinedJson(examinedFrom(read)), examinedJson(examined));
});
