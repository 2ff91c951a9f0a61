import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteWord, splitWords } from './shlex.ts';

const cases: readonly [text: string, words: readonly string[] | string][] = [
  ['', []],
  ['  \t\n ', []],
  ['gunicorn hello.wsgi', ['gunicorn', 'hello.wsgi']],
  ['bash -c "echo a; echo b"', ['bash', '-c', 'echo a; echo b']],
  [`a'b c'd`, ['ab cd']],
  [`'a\\b'`, ['a\\b']],
  ['"a\\"b" "c\\\\d" "e\\f"', ['a"b', 'c\\d', 'e\\f']],
  ['a\\ b \\"', ['a b', '"']],
  [`a '' ""`, ['a', '', '']],
  ['a # b', ['a', '#', 'b']],
  ['echo $HOME ~ *', ['echo', '$HOME', '~', '*']],
  ["a 'b", "a ' is never closed"],
  ['a "b\\"', 'a " is never closed'],
  ['a\\', 'it ends in a backslash'],
];

for (const [text, expected] of cases)
  test(`a command ${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => {
    const split = splitWords(text);
    assert.deepEqual(split.ok ? split.words : split.reason, expected);
  });

test('words that were quoted are read back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), words => {
      assert.deepEqual(splitWords(words.map(quoteWord).join(' ')), { ok: true, words });
    }),
  );
});

test('no text makes the splitter throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab \t\n\\\'"') }), text => void splitWords(text)),
  );
});
