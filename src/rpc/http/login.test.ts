import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './login.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const clear = { user: 'u', password: 'p:w' };
const sha = { user: 'u', password: '{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d' };

test('the right user with the right password is let in, in clear or by its SHA-1', () => {
  assert.equal(judge(basic('u:p:w'), clear), 'yes');
  assert.equal(judge(`BASIC ${Buffer.from('u:p:w').toString('base64')}`, clear), 'yes');
  assert.equal(
    judge(basic('u:secretpass'), { user: 'u', password: '{SHA}a4c25459c8c2ec0cf2e7a1a8e6d6a9a3d2bb7a10' }),
    'no',
  );
  assert.equal(judge(basic('u:thepassword'), sha), 'yes');
});

test('anything else is not', () => {
  const fields = [
    null,
    '',
    basic('u:x'),
    basic('x:p:w'),
    basic(':'),
    'Basic Og==',
    'Digest x',
    'Basic',
    basic('u:'),
  ];
  for (const field of fields) assert.equal(judge(field, clear), 'no', String(field));
  assert.equal(judge(basic(`u:${sha.password}`), sha), 'no');
});

test('what Supervisor answers otherwise is told apart', () => {
  assert.equal(judge('Basic a', clear), 'malformed');
  assert.equal(judge('Basic /zo=', clear), 'malformed');
  assert.equal(judge(basic('u'), clear), 'broken');
});
