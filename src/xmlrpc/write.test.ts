import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAnswer, readCall } from './read.ts';
import { DateTime, Double, pythonFloat, pythonRepr, type Value } from './values.ts';
import { CannotMarshal, writeAnswer, writeCall, writeFault } from './write.ts';

test('an answer is what Python writes, byte for byte', () => {
  const inner: Value = new Map<string, Value>([
    ['b', []],
    ['a', new Map()],
  ]);
  assert.equal(
    writeAnswer(['a<&>\r\n\u0001é', 1, true, new Double(2.5), inner]),
    `<?xml version='1.0'?>
<methodResponse>
<params>
<param>
<value><array><data>
<value><string>a&lt;&amp;&gt;\r
\u0001é</string></value>
<value><int>1</int></value>
<value><boolean>1</boolean></value>
<value><double>2.5</double></value>
<value><struct>
<member>
<name>b</name>
<value><array><data>
</data></array></value>
</member>
<member>
<name>a</name>
<value><struct>
</struct></value>
</member>
</struct></value>
</data></array></value>
</param>
</params>
</methodResponse>
`,
  );
});

test('a fault is a struct with its code and its text', () => {
  assert.equal(
    writeFault(10, 'BAD_NAME: x'),
    `<?xml version='1.0'?>
<methodResponse>
<fault>
<value><struct>
<member>
<name>faultCode</name>
<value><int>10</int></value>
</member>
<member>
<name>faultString</name>
<value><string>BAD_NAME: x</string></value>
</member>
</struct></value>
</fault>
</methodResponse>
`,
  );
});

test('None and integers of more than 32 bits are refused, as by Python', () => {
  assert.throws(
    () => writeAnswer([null]),
    new CannotMarshal('TypeError', 'cannot marshal None unless allow_none is enabled'),
  );
  assert.throws(() => writeAnswer(2 ** 31), CannotMarshal);
  assert.doesNotThrow(() => writeAnswer(2 ** 31 - 1));
});

test('floats and texts are written as Python writes them', () => {
  const floats = [
    1,
    1.5,
    0.1,
    1e16,
    123456789012345680,
    1e-4,
    1e-5,
    -0,
    1e100,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ];
  assert.deepEqual(floats.map(pythonFloat), [
    '1.0',
    '1.5',
    '0.1',
    '1e+16',
    '1.2345678901234568e+17',
    '0.0001',
    '1e-05',
    '-0.0',
    '1e+100',
    'nan',
    'inf',
  ]);
  const values: Value[] = ['a', "it's", `"'`, '\n\u0001é', null, [1, 'b'], new Map([['k', true]])];
  assert.deepEqual(values.map(pythonRepr), [
    "'a'",
    `"it's"`,
    `'"\\''`,
    "'\\n\\x01é'",
    'None',
    "[1, 'b']",
    "{'k': True}",
  ]);
});

const text = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '<', '&', '>', ']]>', "'", '𝄞', '\n') });
const value = fc.letrec<{ value: Value; leaf: Value }>(tie => ({
  leaf: fc.oneof(
    text,
    fc.boolean(),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(number => new Double(number)),
    fc.constant(new DateTime('20261128T02:14:04')),
  ),
  value: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true })
      .map(fields => new Map(Object.entries(fields))),
  ),
})).value;

test('what was written is read again', () => {
  fc.assert(
    fc.property(value, fc.array(value, { maxLength: 3 }), (one, many) => {
      assert.deepEqual(readAnswer(writeAnswer(one)), { kind: 'value', value: one });
      assert.deepEqual(readCall(writeCall('a.b', many)), { method: 'a.b', params: many });
    }),
  );
});
