import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silence } from './silence.ts';

test('a code of undici’s or the kernel’s is told in words, and an answer as it is', () => {
  assert.equal(silence('UND_ERR_SOCKET'), 'it ended the connection without an answer');
  assert.equal(silence('ECONNREFUSED'), 'nobody listens there');
  for (const same of ['HTTP 500', 'ESOMETHING', 'constructor', '']) assert.equal(silence(same), same);
});
