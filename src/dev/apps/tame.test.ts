import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lines, plainLine, tameLine, tracebackTail } from './tame.ts';

test('colours stay on a screen, and end with the line; what moves the cursor goes', () => {
  assert.equal(tameLine('\x1b[32mok\x1b[0m \x1b[2K\x1b[1Adone\r', true), '\x1b[32mok\x1b[0m done\x1b[0m');
  assert.equal(tameLine('\x1b]0;title\x07\x1b[31mno', false), 'no');
  assert.equal(tameLine('\x1b[2J\x1b[3J\x1b[HVITE ready', true), 'VITE ready');
});

test('of a progress bar the last state is one line', () => {
  assert.equal(tameLine(' 10%\r 50%\r100%\r', true), '100%');
});

test('without a screen no byte of an escape is left, whatever a program writes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\x1b', '[', '3', '1', 'm', ']', '\x07', 'K', 'é', '\r', '\x9b')),
      pieces => {
        const plain = plainLine(pieces.join(''));
        for (const control of '\x1b\x07\r\x9b') assert.ok(!plain.includes(control));
      },
    ),
  );
});

test('lines are the same in whatever pieces they arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.nat(7), (texts, size) => {
      const bytes = Buffer.from(texts.join('\n'));
      const lines = new Lines();
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += size + 1)
        found.push(...lines.push(bytes.subarray(at, at + size + 1)));
      assert.deepEqual([...found, lines.rest], bytes.toString().split('\n'));
    }),
  );
});

test('a prompt is shown as soon as it is whole', () => {
  const lines = new Lines();
  assert.deepEqual(lines.push(Buffer.from('> /a.py(3)f()\n(Pdb) ')), ['> /a.py(3)f()']);
  assert.equal(lines.prompt, '(Pdb) ');
  lines.push(Buffer.from('\x1b[3'));
  assert.equal(lines.prompt, '');
});

test('the last traceback is what the page shows, without what came after it', () => {
  const lines = [
    'start',
    'Traceback (most recent call last):',
    '  File "a.py", line 1',
    'ImportError: no',
    'later',
  ];
  assert.deepEqual(tracebackTail(lines, 10), lines.slice(1, 4));
  assert.deepEqual(tracebackTail(lines, 2), ['Traceback (most recent call last):', '  ...']);
  assert.deepEqual(tracebackTail(['a', 'b', 'c'], 2), ['b', 'c']);
  assert.deepEqual(
    tracebackTail(
      ['Traceback (most recent call last):', '  x', 'django.core.exceptions.ImproperlyConfigured: y'],
      9,
    ).at(-1),
    'django.core.exceptions.ImproperlyConfigured: y',
  );
});

test('carriage returns without end take no time', () => {
  assert.equal(tameLine(`a${'\r'.repeat(1_000_000)}b\r`, false), 'b');
});
