import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeAnswer } from '../../protocol/probe.ts';
import { compare, healthPatience, judgeFront, judgeHealth } from './verdict.ts';

const healthy: ProbeAnswer = { kind: 'healthy' };
const http = (status: number): ProbeAnswer => ({ kind: 'unhealthy', status, why: `HTTP ${status}` });
const none = (why: string): ProbeAnswer => ({ kind: 'unhealthy', status: 0, why });

test('a health path has to answer well, and has a while for it from its first answer', () => {
  assert.deepEqual(judgeHealth('/up', healthy, 1e9), { kind: 'passed' });
  assert.deepEqual(judgeHealth('/up', http(503), null), { kind: 'open' });
  assert.deepEqual(judgeHealth('/up', http(503), healthPatience - 1), { kind: 'open' });
  assert.deepEqual(judgeHealth('/up', none('no answer in 10 seconds'), healthPatience), { kind: 'open' });
  const why = 'the new one answers /up with HTTP 404';
  assert.deepEqual(judgeHealth('/up', http(404), healthPatience), { kind: 'refused', why });
});

test('without one only a failure of the server counts, and only where the old one does not fail too', () => {
  for (const answer of [healthy, http(404), http(403), none('no answer in 10 seconds')])
    assert.deepEqual(judgeFront('/', answer), { kind: 'passed' });
  assert.deepEqual(judgeFront('/', http(500)), {
    kind: 'compare',
    why: 'the new one answers / with HTTP 500',
  });
  assert.equal(judgeFront('/', none('UND_ERR_SOCKET')).kind, 'compare');
  for (const old of [http(500), http(502), none('UND_ERR_SOCKET'), none('ECONNREFUSED'), null])
    assert.deepEqual(compare('it fails', old), { kind: 'passed' });
  assert.deepEqual(compare('it fails', http(404)), {
    kind: 'refused',
    why: 'it fails, and the old one says HTTP 404',
  });
  assert.equal(compare('it fails', healthy).kind, 'refused');
});
