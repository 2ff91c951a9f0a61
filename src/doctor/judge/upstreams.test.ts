import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import type { Visited } from '../../protocol/visit.ts';
import { judgeUpstreams } from './upstreams.ts';

const app = makeApp({
  name: 'shop',
  root: '/shop',
  source: { file: '/f', key: ['app', 'shop'] },
  serverNames: ['shop.test'],
});
const address = '10.0.0.5:8000';
const answer = (status: number, why = ''): Visited => ({
  id: address,
  status,
  why,
  hops: [],
  isLoop: false,
  ms: 1,
  server: '',
  title: '',
  tls: null,
});

function judged(visited: Visited, fault: string | null, isServing: boolean) {
  const status = { upstreams: [{ address, fault }] };
  const { findings } = judgeUpstreams({ app, visited: [visited], status, isServing });
  return findings.map(({ severity, message }) => `${severity}: ${message}`);
}

test('an upstream that answers, and gets requests, is well', () => {
  assert.deepEqual(judged(answer(200), null, true), []);
  assert.deepEqual(judged(answer(404), null, true), []);
});

test('an upstream that fails is an error where no other serves the site, and a warning where one does', () => {
  const silent = answer(0, 'ECONNREFUSED');
  assert.deepEqual(judged(silent, 'refused', false), [
    'error: its upstream 10.0.0.5:8000 gives no answer: ECONNREFUSED',
  ]);
  assert.deepEqual(judged(silent, null, true), [
    'warning: its upstream 10.0.0.5:8000 gives no answer: ECONNREFUSED',
  ]);
  assert.deepEqual(judged(answer(500), null, false), ['error: its upstream 10.0.0.5:8000 answers with 500']);
});

test('an upstream that answers and is left out all the same is told with the reason', () => {
  assert.deepEqual(judged(answer(200), 'health', true), [
    'warning: its upstream 10.0.0.5:8000 is left out: it is not healthy',
  ]);
  assert.deepEqual(judged(answer(200), 'of the future', true), [
    'warning: its upstream 10.0.0.5:8000 is left out: of the future',
  ]);
});
