import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as datatypes from './datatypes.ts';
import { PythonError } from './python.ts';

test('each converter reads what Supervisor reads', () => {
  assert.deepEqual(['Yes', 'on', '0', 'FALSE'].map(datatypes.boolean), [true, true, false, false]);
  assert.deepEqual(['Unexpected', 'true', '0'].map(datatypes.autorestart), ['unexpected', 'always', 'never']);
  assert.deepEqual(['', 'a', ' a , b\u00a0,'].map(datatypes.listOfStrings), [[], ['a'], ['a', 'b', '']]);
  assert.deepEqual(['', '0', ' 0, 255 '].map(datatypes.exitCodes), [[], [0], [0, 255]]);
  assert.deepEqual(['5', '1KB', '1_0mB'].map(datatypes.byteSize), [5, 1024, 10 * 1024 ** 2]);
  assert.deepEqual(['022', ' 0o17 ', '0O_7', '-1'].map(datatypes.octal), [18, 15, 7, -1]);
  assert.equal(datatypes.plainName(' hello\n'), 'hello');
  assert.deepEqual(
    [...datatypes.keyValuePairs(`A="1,2", B='x y'|C=3`)],
    [
      ['A', '1,2'],
      ['B', 'x y'],
      ['C', '3'],
    ],
  );
});

test('an error has a message of hostd, and the one of Supervisor', () => {
  const rows: readonly [(text: string) => unknown, string, string, string][] = [
    [datatypes.boolean, 'maybe', '"maybe" is neither true nor false', "not a valid boolean value: 'maybe'"],
    [datatypes.autorestart, 'Now', '"Now" is neither true nor false', "invalid 'autorestart' value 'now'"],
    [datatypes.exitCodes, '0,x', '"x" is no whole number', "not a valid list of exit codes: '0,x'"],
    [
      datatypes.exitCodes,
      '256',
      '"256" has no exit code of 0 to 255',
      "not a valid list of exit codes: '256'",
    ],
    [datatypes.byteSize, '5x', '"5x" is no whole number', "invalid literal for int() with base 10: '5x'"],
    [datatypes.octal, '8', '"8" is no octal number', '8 can not be converted to an octal type'],
    [
      datatypes.plainName,
      'a:b c',
      '"a:b c" cannot be a name: it has a blank, a colon or a slash',
      "Invalid name: 'a:b c' because of character: ' '",
    ],
    [
      datatypes.keyValuePairs,
      'A=1,B',
      'environment ends within KEY=value after A, or has something else between two of them',
      "Unexpected end of key/value pairs in value 'A=1,B'",
    ],
  ];
  for (const [convert, text, message, python] of rows)
    assert.throws(
      () => convert(text),
      (error: unknown) => {
        assert.ok(error instanceof PythonError);
        assert.deepEqual([error.message, error.python], [message, python]);
        return true;
      },
    );
});
