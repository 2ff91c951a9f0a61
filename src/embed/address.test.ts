import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HostdError } from '../errors.ts';
import { parseAddress, showAddress } from './address.ts';

test('a port, a URL and a path of a socket are all ways to say where a server listens', () => {
  const tcp = { host: '127.0.0.1', port: 3000 };
  assert.deepEqual(parseAddress('3000\n', 'x'), tcp);
  assert.deepEqual(parseAddress('http://127.0.0.1:3000', 'x'), tcp);
  assert.deepEqual(parseAddress('http://127.0.0.1:3000/', 'x'), tcp);
  assert.deepEqual(parseAddress('http://localhost', 'x'), { host: 'localhost', port: 80 });
  assert.deepEqual(parseAddress('http://[::1]:5173', 'x'), { host: '::1', port: 5173 });
  assert.equal(parseAddress('unix:/run/a.sock', 'x'), '/run/a.sock');
  assert.equal(parseAddress('unix:///run/a.sock', 'x'), '/run/a.sock');
  assert.equal(parseAddress('/run/a.sock', 'x'), '/run/a.sock');
});

test('what is no address is named, with its reason and an example', () => {
  for (const text of [
    '',
    'hello',
    'https://127.0.0.1:3000',
    'http://h:3000/base',
    '0',
    '70000',
    'unix:a.sock',
    `/${'x'.repeat(107)}`,
  ]) {
    assert.throws(
      () => parseAddress(text, '--proxy hello ='),
      (error: unknown) =>
        error instanceof HostdError && error.message.includes('--proxy hello =') && error.hint !== undefined,
      text,
    );
  }
});

test('an address that is shown can be written back', () => {
  const host = fc.constantFrom('127.0.0.1', 'localhost', '::1');
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      assert.deepEqual(parseAddress(showAddress({ host, port }), 'x'), { host, port });
    }),
  );
});
