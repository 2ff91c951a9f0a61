import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expand } from './expansion.ts';

const names = { program_name: 'cat', process_num: 7, here: '/etc/hostd', ENV_HOME: '/home/x' };

const good: readonly [string, string][] = [
  ['plain', 'plain'],
  ['%(program_name)s_%(process_num)02d', 'cat_07'],
  ['%(process_num)d %(process_num)s %(process_num)3d|%(process_num)-3d|', '7 7   7|7  |'],
  ['%(here)s/run %(ENV_HOME)s', '/etc/hostd/run /home/x'],
  ['100%% %%(here)s', '100% %(here)s'],
  ['%(program_name).0s;', ';'],
  ['%(program_name)5s|%(program_name)-5s|', '  cat|cat  |'],
];
for (const [text, expected] of good)
  test(`${JSON.stringify(text)} expands to ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(expand(text, names), { ok: true, text: expected });
  });

const known = '(known: program_name, process_num, here, ENV_...)';
const bad: readonly [string, string][] = [
  ['100% sure', 'a "%" stands alone (write "%%" for a percent sign)'],
  ['%', 'a "%" stands alone (write "%%" for a percent sign)'],
  ['%(here)', 'a "%" stands alone (write "%%" for a percent sign)'],
  ['%(nosuch)s', `"%(nosuch)s" is not known here ${known}`],
  ['%(__proto__)s', `"%(__proto__)s" is not known here ${known}`],
  ['%(here)d', '"%(here)d" wants a number, and here is text'],
];
for (const [text, reason] of bad)
  test(`${JSON.stringify(text)} is refused: ${reason}`, () => {
    assert.deepEqual(expand(text, names), { ok: false, reason });
  });

test('a text whose percent signs are doubled stays as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      assert.deepEqual(expand(text.replaceAll('%', '%%'), names), { ok: true, text });
    }),
  );
});
