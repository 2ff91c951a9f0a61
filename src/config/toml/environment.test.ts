import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEnvironment } from './environment.ts';

const good: readonly [string, Record<string, string>][] = [
  ['', {}],
  ['A=1', { A: '1' }],
  ['KEY="value",KEY2="value2"', { KEY: 'value', KEY2: 'value2' }],
  [` A = "x y" ,\n B='1,2', `, { A: 'x y', B: '1,2' }],
  ['URL=http://x/?a=b', { URL: 'http://x/?a=b' }],
  [String.raw`A="say \"hi\" \\ \n"`, { A: String.raw`say "hi" \ \n` }],
  ['A=,B=""', { A: '', B: '' }],
];
for (const [text, pairs] of good)
  test(`the environment ${JSON.stringify(text)} is read`, () => {
    assert.deepEqual(parseEnvironment(text), { ok: true, pairs });
  });

for (const [text, where] of [
  ['A', 'its beginning'],
  ['A=1,,B=2', 'what follows A'],
  ['A=1 B=2', 'its beginning'],
  ['A="x', 'its beginning'],
  ['A=1,2=B', 'what follows A'],
] as const)
  test(`the environment ${JSON.stringify(text)} is refused, and no value is shown`, () => {
    assert.deepEqual(parseEnvironment(text), { ok: false, reason: `${where} is not KEY="value"` });
  });

test('any value in quotes is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), value => {
      const quoted = `"${value.replace(/[\\"]/g, '\\$&')}"`;
      assert.deepEqual(parseEnvironment(`A=${quoted},B=1`), { ok: true, pairs: { A: value, B: '1' } });
    }),
  );
});
