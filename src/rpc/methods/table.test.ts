// The methods that exist under each configured name of Supervisor's own interface.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../session.ts';
import { call } from './table.ts';

const session = (interfaces?: readonly string[]): Session => ({
  about: () => ({ pid: 1, mood: 1, identification: 'x', ...(interfaces && { interfaces }) }),
  ask: () => Promise.reject(new Error('nothing is asked')),
  now: () => 0,
});
const names = async (interfaces?: readonly string[]) =>
  (await call(session(interfaces), 'system.listMethods', [])) as string[];

test('the interface is called supervisor where nothing else is said', async () => {
  assert.equal((await names()).length, 41);
  assert.equal(await call(session(), 'supervisor.getIdentification', []), 'x');
});

test('it may have another name, or none: then only system is there', async () => {
  assert.equal(await call(session(['foo']), 'foo.getIdentification', []), 'x');
  await assert.rejects(call(session(['foo']), 'supervisor.getIdentification', []), /UNKNOWN_METHOD/);
  assert.deepEqual(await names([]), [
    'system.listMethods',
    'system.methodHelp',
    'system.methodSignature',
    'system.multicall',
  ]);
  await assert.rejects(
    call(session([]), 'system.methodHelp', ['supervisor.getPID']),
    /SIGNATURE_UNSUPPORTED/,
  );
});

test('a name without a dot is no method', async () => {
  await assert.rejects(call(session(), 'getPID', []), /UNKNOWN_METHOD/);
});
