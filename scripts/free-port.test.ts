import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from './free-port.ts';

test('a port that was given is given to nobody else', async () => {
  // So many of 22 000 that some would be the same, were they not held.
  const ports = await Promise.all(Array.from({ length: 600 }, freePort));
  assert.equal(new Set(ports).size, ports.length);
  assert.ok(ports.every(port => port >= 10_000 && port < 32_000));
});
