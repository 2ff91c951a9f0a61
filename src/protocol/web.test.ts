import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAsker } from './web.ts';

test('a name is shown as it is, and nothing that is no name', () => {
  assert.equal(decodeAsker(encodeURIComponent('Jörg')), 'Jörg');
  assert.equal(decodeAsker(encodeURIComponent('a\u001b[2J\nb\u202e')), 'a?[2J?b?');
  assert.equal(decodeAsker('x'.repeat(200)).length, 64);
  for (const none of [undefined, '', '%20', '%zz', 'x'.repeat(5000), ['a', 'b']])
    assert.equal(decodeAsker(none), 'somebody');
});
