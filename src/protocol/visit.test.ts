import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeVisit } from './visit.ts';

test('an answer, and parts of it that are none', () => {
  const visited = {
    id: 'plain',
    status: 200,
    why: '',
    hops: ['a', 5],
    isLoop: false,
    ms: 3,
    server: 's',
    title: 't',
    tls: { fault: 4 },
  };
  const names = [{ name: 'a.test', addresses: ['1.2.3.4', null], error: null }, { name: 5 }];
  assert.deepEqual(decodeVisit(JSON.stringify({ visited: [visited, 5, { id: 'x' }], names })), {
    visited: [{ ...visited, hops: ['a'], tls: { fault: null } }],
    names: [{ name: 'a.test', addresses: ['1.2.3.4'], error: null }],
  });
});

test('what is no answer', () => {
  for (const line of ['', 'null', '[]', '{"visited":[]}', '{"visited":5,"names":[]}'])
    assert.equal(decodeVisit(line), null, line);
});
