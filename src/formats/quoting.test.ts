// Every format's quoting against a reader of that format: each value comes back, whatever characters it has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import toml from 'toml';
import { writeDefinitions } from '../config/toml/write.ts';
import { emptyIni, readIni } from '../supervisord/config/ini.ts';
import { numbered } from '../words/numbered.ts';
import { format } from '../words/python.ts';
import { quoteWord, splitWords } from '../words/shlex.ts';
import { shellCommands } from './gunicorn/shell.ts';
import { quoteNginx, variablePart } from './nginx/quote.ts';
import { parseNginx } from './nginx/syntax.ts';
import { quotePair, quoteValue } from './supervisor/quote.ts';
import { environmentPairs } from './supervisor/values.ts';
import { quoteAssignment, quoteExec } from './systemd/quote.ts';

/** Characters that break quoting, more often than chance would bring them. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ' ',
        '"',
        "'",
        '%',
        '%%',
        '%(here)s',
        ';',
        '#',
        ' ;',
        ' #',
        '$',
        '\x24{x}',
        '\\',
        '\n',
        '\n\n',
        '\t',
        '{',
        '}',
        '[',
        ']',
        '=',
        ',',
        '`',
        '$(x)',
        'ü',
        '€',
        '😀',
        'a',
        'b',
        '0',
        '-',
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  .map(parts => parts.join('').replace(/[\r\0]/g, ''));

function iniValue(text: string): string {
  const ini = emptyIni();
  assert.deepEqual(readIni(`[program:x]\nkey = ${text}\nother = 1\n`, 'x', ini), []);
  assert.equal(ini.sections.get('program:x')?.values.get('other')?.text, '1');
  return ini.sections.get('program:x')?.values.get('key')?.text ?? '';
}

test("Supervisor reads back every value, its words and its log files' names", () => {
  fc.assert(
    fc.property(nasty, value => {
      const names = { program_name: 'x' };
      assert.equal(format(iniValue(quoteValue(value)), names), value);
      assert.equal(format(format(iniValue(quoteValue(value, 2)), names), names), value);
    }),
    { numRuns: 500 },
  );
});

test('Supervisor splits a written command into the same words', () => {
  fc.assert(
    fc.property(fc.array(nasty, { minLength: 1, maxLength: 4 }), words => {
      const text = format(iniValue(quoteValue(words.map(quoteWord).join(' '))), { program_name: 'x' });
      assert.deepEqual(splitWords(text), { ok: true, words });
    }),
    { numRuns: 300 },
  );
});

test('environment= carries every value that its grammar can, and says so of the others', () => {
  fc.assert(
    fc.property(nasty, value => {
      const pair = quotePair('KEY', value);
      const isWritable = !/^['"]|['"]$/.test(value) && !(value.includes('"') && value.includes("'"));
      assert.equal(pair !== null, isWritable);
      if (pair !== null) {
        const names = { program_name: 'x' };
        assert.deepEqual(environmentPairs(iniValue(quoteValue(`A="1",${pair}`)), names), {
          A: '1',
          KEY: value,
        });
      }
    }),
    { numRuns: 500 },
  );
  assert.equal(quotePair('KEY', `both " and '`), null);
  assert.equal(quotePair('KEY', `ends in "`), null);
  assert.equal(quotePair('a=b', 'x'), null);
});

test('nginx reads back every word', () => {
  fc.assert(
    fc.property(fc.array(nasty, { minLength: 1, maxLength: 3 }), words => {
      const [directive] = parseNginx(`name ${words.map(quoteNginx).join(' ')};`, 'x');
      assert.deepEqual(directive?.args, words);
    }),
    { numRuns: 500 },
  );
});

test('a name becomes part of a variable of nginx, and no two names the same', () => {
  assert.deepEqual(['hello', 'a-b', 'a_b', 'a.b'].map(variablePart), ['hello', 'a_2db', 'a_5fb', 'a_2eb']);
});

test('a shell script says every value again', () => {
  fc.assert(
    fc.property(nasty, value => {
      const variables = new Map<string, string | null>();
      shellCommands(`X=${quoteWord(value)}\n`, variables);
      assert.equal(variables.get('X'), value);
    }),
    { numRuns: 500 },
  );
});

test('systemd: percent signs are doubled, dollars in commands alone, and quotes and line breaks escaped', () => {
  assert.equal(quoteExec('/bin/sleep'), '/bin/sleep');
  assert.equal(quoteExec('100% $x "y" \\ \n;'), '"100%% $$x \\"y\\" \\\\ \\n;"');
  assert.equal(quoteExec(''), '""');
  assert.equal(quoteAssignment('A', '50% $x "y"\n'), '"A=50%% $x \\"y\\"\\n"');
});

test('TOML that is written is read back, values and keys', () => {
  fc.assert(
    fc.property(
      nasty,
      fc.dictionary(
        nasty.filter(key => key !== '__proto__'),
        nasty,
        { noNullPrototype: true },
      ),
      (value, pairs) => {
        const text = writeDefinitions([
          {
            path: ['program', 'x'],
            comments: [value],
            table: { value, list: [value, 1, true], pairs },
            remarks: [value],
          },
        ]);
        const read = toml.parse(text) as { program: { x: Record<string, unknown> } };
        assert.deepEqual(JSON.parse(JSON.stringify(read.program.x)), {
          value,
          list: [value, 1, true],
          pairs,
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('texts that differ in their number alone become one', () => {
  const cases: readonly [string[], number[], string | null][] = [
    [['p_00', 'p_01'], [0, 1], 'p_%(process_num)02d'],
    [['p9', 'p10'], [9, 10], 'p%(process_num)d'],
    [['same', 'same'], [0, 1], 'same'],
    [['--port 8000', '--port 8001'], [0, 1], '--port 80%(process_num)02d'],
    [['a 01/001', 'a 02/002'], [1, 2], 'a %(process_num)02d/0%(process_num)02d'],
    [['x', 'y'], [0, 1], null],
    [['p0', 'p1x'], [0, 1], null],
  ];
  for (const [texts, numbers, expected] of cases)
    assert.equal(numbered(texts, numbers), expected, texts.join());
});
