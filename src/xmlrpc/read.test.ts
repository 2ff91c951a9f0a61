import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, readAnswer, readCall } from './read.ts';
import { DateTime, Double, type Value } from './values.ts';

const param = (inner: string) =>
  readCall(`<methodCall><methodName>a.b</methodName><params><param>${inner}</param></params></methodCall>`)
    .params;

const readable: readonly (readonly [text: string, value: Value])[] = [
  ['<value>cat</value>', 'cat'],
  ['<value>\n<int> 5 </int>\n</value>', 5],
  ['<value><i4>-1_0</i4></value>', -10],
  ['<value><int>99999999999999999999</int></value>', 99999999999999999999n],
  ['<value/>', ''],
  ['<value><string/></value>', ''],
  ['<value><nil/></value>', null],
  ['<value><i8>5</i8></value>', '5'],
  ['<value><boolean>7</boolean></value>', false],
  ['<value><double>1e3</double></value>', new Double(1000)],
  ['<value><double>-1_0.5e1</double></value>', new Double(-105)],
  ['<value><double> .5 </double></value>', new Double(0.5)],
  ['<value><double>-Infinity</double></value>', new Double(-Infinity)],
  ['<value><double>nan</double></value>', new Double(Number.NaN)],
  ['<value><int>\uff11</int></value>', 1],
  ['<value><dateTime.iso8601>2020229T4:8:05</dateTime.iso8601></value>', new DateTime('20200229T04:08:05')],
  ['<value><base64>Y2\nF0</base64></value>', 'cat'],
  [
    '<value><dateTime.iso8601>20200101T00:00:00</dateTime.iso8601></value>',
    new DateTime('20200101T00:00:00'),
  ],
  ['<value><array><data><value>a</value></data></array></value>', ['a']],
  ['<value><struct><member><name>n</name><value>v</value></member></struct></value>', new Map([['n', 'v']])],
  ['<string>cat</string>', 'cat'],
  ['<value><![CDATA[c<t]]></value>', 'c<t'],
  ['<value>&#99;&amp;</value>', 'c&'],
  ['<value><string>a</string><string>b</string></value>', 'a'],
];

for (const [text, value] of readable) test(`${text} is read`, () => assert.deepEqual(param(text), [value]));

const unreadable = [
  '',
  '<value><int>x</int></value>',
  '<value><int/></value>',
  '<value><double>1__0</double></value>',
  '<value><double>0x1</double></value>',
  '<value><double>.</double></value>',
  '<value><array/></value>',
  '<value><struct><member><name>a</name></member></struct></value>',
  '<value><base64>Y2</base64></value>',
  '<value><base64>/w==</base64></value>',
  '<value><dateTime.iso8601>x</dateTime.iso8601></value>',
  '<value><dateTime.iso8601>20200230T00:00:00</dateTime.iso8601></value>',
  '<value><dateTime.iso8601>20201301T00:00:00</dateTime.iso8601></value>',
  '<value><dateTime.iso8601>00000101T00:00:00</dateTime.iso8601></value>',
  '<value><dateTime.iso8601>20200101T23:59:60</dateTime.iso8601></value>',
  '<value>&foo;</value>',
  '<value>&#0;</value>',
  '<x:value/>',
];

for (const text of unreadable)
  test(`${text || 'nothing'} is unreadable`, () => assert.throws(() => param(text)));

test('entities of a document, elements without end and huge numbers come to nothing', () => {
  const lol = '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><methodName>&d;</methodName>';
  assert.throws(() => readCall(lol));
  assert.throws(() => readCall(`${'<value>'.repeat(600)}${'</value>'.repeat(600)}`), /too deep/);
  assert.throws(() => param(`<value><int>${'9'.repeat(100_000)}</int></value>`));
});

test('elements of another namespace are none of XML-RPC', () => {
  assert.equal(readCall('<methodCall xmlns="x"><methodName>a.b</methodName></methodCall>').method, null);
});

test('an answer that is none is refused', () => {
  assert.throws(() => readAnswer('<html/>'));
  assert.throws(() => readAnswer('<methodResponse>'));
});

test('no text does anything but read or be refused', () => {
  const piece = fc.constantFrom(
    '<value>',
    '</value>',
    '<int>',
    '</int>',
    '<struct>',
    '<member>',
    '<name>',
    '1',
    '&',
    '<!--',
    '<![CDATA[',
    '<?',
    '"',
    '\u0000',
    'é',
    '</',
  );
  fc.assert(
    fc.property(
      fc.array(piece).map(all => all.join('')),
      text => {
        try {
          readCall(text);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      },
    ),
  );
});

test('base64 is read as loosely as Python reads it', () => {
  assert.equal(decodeBase64('Y2F0').toString(), 'cat');
  assert.equal(decodeBase64('Og==').toString(), ':');
  assert.equal(decodeBase64('!!').toString(), '');
  assert.throws(() => decodeBase64('a'));
  assert.throws(() => decodeBase64('Y2'));
});
