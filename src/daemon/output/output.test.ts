// What is done with output, tested with values: capture across the borders of pieces, escapes, lines for the machine's log.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripEscapes } from './ansi.ts';
import { beginToken, endToken, makeCapture, type Piece } from './capture.ts';
import { systemLogLines } from './system-log.ts';

const same = (data: Buffer) => data;

function feedIn(text: string, size: number, most = 100): { log: string; told: string; captured: string[] } {
  const capture = makeCapture(most, same);
  const data = Buffer.from(text);
  const pieces: Piece[] = [];
  for (let at = 0; at < data.length; at += size) pieces.push(...capture.feed(data.subarray(at, at + size)));
  pieces.push(...capture.end());
  const outputs = pieces.filter(piece => piece.kind === 'output');
  return {
    log: outputs.flatMap(piece => (piece.inside ? [] : [piece.data.toString()])).join(''),
    told: outputs.map(piece => piece.data.toString()).join(''),
    captured: pieces.flatMap(piece => (piece.kind === 'captured' ? [piece.data.toString()] : [])),
  };
}

test('what stands between the tokens is captured, however the output is cut into pieces', () => {
  const text = `before${beginToken}first${endToken}<!--XSUP between <!--${beginToken}${beginToken} second${endToken}${beginToken}${endToken}after\n`;
  for (let size = 1; size <= text.length; size++) {
    const { log, told, captured } = feedIn(text, size);
    assert.deepEqual(captured, ['first', `${beginToken} second`, ''], `pieces of ${size}`);
    assert.equal(log, 'before<!--XSUP between <!--after\n', `pieces of ${size}`);
    assert.equal(told, `beforefirst<!--XSUP between <!--${beginToken} secondafter\n`);
  }
});

test('a short end that might have been a token is in the log when the program has ended', () => {
  assert.equal(feedIn('hello\n', 6).log, 'hello\n');
  assert.equal(feedIn(`${'x'.repeat(50)}<!--XSUPERVISOR:BEG`, 7).log, `${'x'.repeat(50)}<!--XSUPERVISOR:BEG`);
});

test('no more is kept than was asked for', () => {
  const { captured } = feedIn(`${beginToken}${'0123456789'.repeat(100)}${endToken}`, 10, 50);
  assert.equal(captured.length, 1);
  assert.ok((captured[0]?.length ?? 0) <= 50 + 10);
  assert.ok(captured[0]?.endsWith('789'));
});

test('escapes are taken out as Supervisor takes them out', () => {
  const cases: [string, string][] = [
    ['\u001b[31mred\u001b[0m plain', 'red plain'],
    ['\u001b[2J\u001b[1;1Hx', 'x'],
    ['no escapes', 'no escapes'],
    ['cut \u001b[3', 'cut '],
    ['\u001b[38;5;1mA\u001b[K', 'A'],
    ['', ''],
  ];
  for (const [given, wanted] of cases) assert.equal(stripEscapes(Buffer.from(given)).toString(), wanted);
});

test('a line for the machine has what syslog(3) writes in front of it', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  assert.deepEqual(systemLogLines('supervisord', 'cat', Buffer.from('one\n\ntwo\n\n'), at), [
    '<14>Jan  2 03:04:05 supervisord: cat one',
    '<14>Jan  2 03:04:05 supervisord: cat ',
    '<14>Jan  2 03:04:05 supervisord: cat two',
  ]);
});
