import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Display } from './display.ts';

function shown(isTerminal = false) {
  let text = '';
  const display = new Display({
    isTerminal,
    hasColours: false,
    write: piece => {
      text += piece.toString();
    },
  });
  for (const name of ['hello', 'shop:worker']) display.add(name);
  return { display, text: () => text };
}

test('every line has its program before it, however the bytes were cut', () => {
  const { display, text } = shown();
  assert.deepEqual(display.push('hello', Buffer.from('one\ntw')), ['one']);
  display.push('shop:worker', Buffer.from('three\n'));
  assert.deepEqual(display.push('hello', Buffer.from('o\n')), ['two']);
  display.say('a\nb');
  assert.equal(
    text(),
    'hello       | one\nshop:worker | three\nhello       | two\nhostd       | a\nhostd       | b\n',
  );
});

test('what a program leaves unfinished is a line when it ends', () => {
  const { display, text } = shown();
  display.push('hello', Buffer.from('half'));
  assert.deepEqual(display.flush('hello'), ['half']);
  assert.deepEqual(display.flush('hello'), []);
  assert.equal(text(), 'hello       | half\n');
});

test('on a terminal a prompt is shown before its line has ended, and told; others begin a new line', async () => {
  const { display, text } = shown(true);
  const told: string[] = [];
  display.onPrompt = name => told.push(name);
  display.push('hello', Buffer.from('(Pdb) '));
  await sleep(120);
  display.push('shop:worker', Buffer.from('busy\n'));
  assert.equal(text(), 'hello       | (Pdb) \r\nshop:worker | busy\r\n');
  assert.deepEqual(told, ['hello']);
});

test('an app that is looked at alone has its bytes as they are, and no other is seen', () => {
  const { display, text } = shown(true);
  display.setFocus('hello', true);
  display.push('hello', Buffer.from('\x1b[2K10%\r'));
  assert.deepEqual(display.push('shop:worker', Buffer.from('hidden\n')), ['hidden']);
  assert.equal(text(), '\x1b[2K10%\r');
});
