// What a listener says, in pieces of every size: the pieces make no difference, and the memory is bounded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Heard,
  hear,
  type ListenerState,
  newParser,
  type Parser,
  parserIn,
  sent,
} from './listener-protocol.ts';

/** Sends an event whenever the listener is ready for one. */
function say(text: string, size: number, from: Parser = newParser): { words: string[]; parser: Parser } {
  const words: string[] = [];
  let parser = from;
  for (let at = 0; at < text.length; at += size) {
    const next = hear(parser, Buffer.from(text.slice(at, at + size), 'latin1'));
    words.push(...next.heard.map(wordOf));
    parser = next.parser.state === 'READY' ? sent(next.parser) : next.parser;
  }
  return { words, parser };
}

function wordOf(word: Heard): string {
  return word.kind === 'state' ? `${word.from} -> ${word.to}` : word.kind;
}

const busy = sent(parserIn('READY'));

const cases: readonly [said: string, from: Parser, words: readonly string[], end: ListenerState][] = [
  ['READY\n', newParser, ['ACKNOWLEDGED -> READY'], 'BUSY'],
  ['READ', newParser, [], 'ACKNOWLEDGED'],
  ['hello\n', newParser, ['ACKNOWLEDGED -> UNKNOWN'], 'UNKNOWN'],
  ['RESULT 2\nOK', busy, ['accepted', 'BUSY -> ACKNOWLEDGED'], 'ACKNOWLEDGED'],
  ['RESULT 2\nOKREADY\n', busy, ['accepted', 'BUSY -> ACKNOWLEDGED', 'ACKNOWLEDGED -> READY'], 'BUSY'],
  ['RESULT 4\nFAIL', busy, ['rejected', 'BUSY -> ACKNOWLEDGED'], 'ACKNOWLEDGED'],
  ['RESULT 2\nNO', busy, ['rejected', 'BUSY -> ACKNOWLEDGED'], 'ACKNOWLEDGED'],
  ['RESULT 3\nOK\n', busy, ['rejected', 'BUSY -> ACKNOWLEDGED'], 'ACKNOWLEDGED'],
  // Supervisor looks at no byte of the word "RESULT ", and reads the number as Python does.
  ['XXXXXX  0_2 \nOK', busy, ['accepted', 'BUSY -> ACKNOWLEDGED'], 'ACKNOWLEDGED'],
  ['RESULT two\n', busy, ['bad-result', 'BUSY -> UNKNOWN'], 'UNKNOWN'],
  ['RESULT -1\n', busy, ['bad-result', 'BUSY -> UNKNOWN'], 'UNKNOWN'],
  ['RESULT 0\n', busy, [], 'BUSY'],
  ['RESULT 0\nREADY\n', busy, ['rejected', 'BUSY -> ACKNOWLEDGED', 'ACKNOWLEDGED -> READY'], 'BUSY'],
];

test('what is said is understood as Supervisor understands it, however it is cut', () => {
  for (const [said, from, words, end] of cases)
    for (let size = 1; size <= said.length; size++) {
      const told = say(said, size, from);
      assert.deepEqual(told.words, words, `${JSON.stringify(said)} in pieces of ${size}`);
      assert.equal(told.parser.state, end, JSON.stringify(said));
    }
});

test('one who speaks while nothing was asked is told nothing more', () => {
  const { heard, parser } = hear(newParser, Buffer.from('READY\nREADY\n'));
  assert.deepEqual(heard.map(wordOf), ['ACKNOWLEDGED -> READY', 'READY -> UNKNOWN']);
  assert.deepEqual(hear(parser, Buffer.from('READY\n')).heard, []);
});

test('whatever is said, in whichever state, is kept to a bounded length', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  const pieces = ['READY\n', 'RESULT ', '2\n', 'OK', '99999999999\n', '\n', 'x'.repeat(5000), '\0', 'é', '-'];
  for (let round = 0; round < 300; round++) {
    let parser: Parser = parserIn(
      (['ACKNOWLEDGED', 'READY', 'BUSY', 'UNKNOWN'] as const)[random(4)] ?? 'READY',
    );
    for (let step = 0; step < 40; step++) {
      parser = hear(parser, Buffer.from(pieces[random(pieces.length)] ?? '')).parser;
      assert.ok(parser.held.length <= 1024 + 1, `${parser.held.length} bytes are held`);
      assert.ok(parser.result.length <= 2);
    }
  }
});
