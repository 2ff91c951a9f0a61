import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { readableLine } from './readable-log.ts';

const shown = (entry: object) => stripVTControlCharacters(readableLine(`${JSON.stringify(entry)}\n`));
const at = new Date(2026, 10, 27, 9, 3, 4, 56).toISOString();

test('an entry is a line: time, level, program, message, and what else it says', () => {
  assert.equal(
    shown({ level: 'warn', time: at, program: 'hello', run: 3, msg: 'hello entered BACKOFF state' }),
    '[09:03:04.056] WARN: hello: hello entered BACKOFF state {"run":3}\n',
  );
  assert.equal(
    shown({ level: 'info', time: at, msg: 'hostd is ready' }),
    '[09:03:04.056] INFO: hostd is ready\n',
  );
});

test('an error shows its stack below its line', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at main.ts:1' };
  assert.equal(
    shown({ level: 'error', time: at, err, msg: 'no' }),
    '[09:03:04.056] ERROR: no\n    Error: no\n        at main.ts:1\n',
  );
});

test('the level has a colour, and values cannot bring their own', () => {
  const line = readableLine(
    JSON.stringify({ level: 'error', time: at, said: '\u001b[2J', msg: '\u001b[2J' }),
  );
  assert.ok(line.includes('\u001b[31mERROR'));
  assert.ok(!line.includes('\u001b[2J'));
});

test('text that is no entry comes through as it is', () => {
  assert.equal(readableLine('plain\n'), 'plain\n');
  assert.equal(readableLine('3\n'), '3\n');
});

test('no text of others looks like an entry of its own, or steers the terminal by what is beside the message', () => {
  const msg = 'cannot start\n[09:03:04.056] INFO: control: root asks for stop';
  assert.equal(
    shown({ level: 'info', time: at, program: 'hello', msg }),
    '[09:03:04.056] INFO: hello: cannot start\n    [09:03:04.056] INFO: control: root asks for stop\n',
  );
  assert.ok(
    !readableLine(JSON.stringify({ level: 'info', time: at, said: '\u009b2J', msg: '' })).includes('\u009b'),
  );
});
