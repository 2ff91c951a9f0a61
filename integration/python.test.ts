// What Supervisor does with Python's shlex and % operator, hostd does alike: the same texts, given to both.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { expand } from '../src/words/expansion.ts';
import { splitWords } from '../src/words/shlex.ts';

const skip = spawnSync('python3', ['-c', '']).status === 0 ? false : 'needs python3';

/** The results of a Python expression of `x`, one for each input; null where it raises. */
function python(prelude: string, expression: string, inputs: readonly unknown[]): unknown {
  const program = `
import json, sys
${prelude}
def one(x):
    try: return ${expression}
    except Exception: return None
print(json.dumps([one(x) for x in json.load(sys.stdin)]))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(inputs),
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

test("commands are split into words as by Python's shlex", { skip }, () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab#$é \t\n\\\'"'), maxLength: 12 });
  const inputs = fc.sample(text, 5000);
  const own = inputs.map(input => {
    const split = splitWords(input);
    return split.ok ? split.words : null;
  });
  assert.deepEqual(own, python('import shlex', 'shlex.split(x)', inputs));
});

test('expansions are those of the % operator', { skip }, () => {
  const part = fc.constantFrom(
    '%%',
    'x',
    ' ',
    ';',
    '%(name)s',
    '%(num)d',
    '%(num)02d',
    '%(num)-4d|',
    '%(num)s',
  );
  const rare = fc.constantFrom('%(name).0s', '%(name)7s', '%(name)-7s|', '%(nosuch)s', '%(name)d', '%(num)i');
  const inputs = fc.sample(
    fc.array(fc.oneof(part, rare), { maxLength: 6 }).map(parts => parts.join('')),
    3000,
  );
  const own = inputs.map(input => {
    const expanded = expand(input, { name: 'cat', num: 7 });
    return expanded.ok ? expanded.text : null;
  });
  assert.deepEqual(own, python('', 'x % {"name": "cat", "num": 7}', inputs));
});
