import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../scripts/run.ts';
import { shellCommands } from './shell.ts';

/** The words after `echo`, as the reader sees them. */
const wordsOf = (text: string) => shellCommands(text, new Map())[0]?.words.slice(1);

const texts = [
  String.raw`echo "a\`b"`,
  String.raw`echo "\`date\`"`,
  String.raw`echo "\$HOME \\ \" \n"`,
  String.raw`echo a\`b \$x \" \\ 'a\b"c'`,
  String.raw`echo "a\
b" c\
d`,
  'echo "it\'s" \'say "hi"\' ""',
];

test('quotes and backslashes are read as a shell reads them', async () => {
  for (const text of texts) {
    const script = `show() { for word; do printf '%s\\0' "$word"; done; }\n${text.replace(/^echo/, 'show')}\n`;
    const { stdout, code } = await run(['/bin/sh', '-c', script]);
    assert.equal(code, 0, text);
    assert.deepEqual(wordsOf(text), stdout.split('\0').slice(0, -1), text);
  }
});

test('a command that a backquote really begins is not known', () => {
  assert.deepEqual(wordsOf('echo "`date`"'), [null]);
});
