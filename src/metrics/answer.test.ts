import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlainSample } from '../protocol/sample.ts';
import { answer } from './answer.ts';

const configuration = { loaded: 1, good: true };
const sample: PlainSample = {
  time: 1,
  clock: 1,
  hostd: {
    version: '0.2.0',
    pid: 1,
    started: 1,
    cpu_seconds: 1,
    memory_bytes: 1,
    configuration,
    disks: [],
  },
  programs: [],
  sites: [],
};

const ask = (method: string, url: string, accept?: string) =>
  answer({ method, url, headers: accept === undefined ? {} : { accept } }, () => Promise.resolve(sample));

test('metrics are at /metrics, in the form that is asked for', async () => {
  const text = await ask('GET', '/metrics?x=1');
  assert.equal(text.status, 200);
  assert.equal(text.fields['Content-Type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(text.body.toString(), /^# HELP hostd_build_info /);
  const open = await ask('HEAD', '/metrics', 'application/openmetrics-text;version=1.0.0');
  assert.equal(open.fields['Content-Type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.match(open.body.toString(), /\n# EOF\n$/);
});

test('nothing is anywhere else, and nothing can be changed', async () => {
  for (const url of ['/', '/metrics/', '//metrics', '/v1/status', '*', ''])
    assert.equal((await ask('GET', url)).status, 404, url);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    const { status, fields } = await ask(method, '/metrics');
    assert.deepEqual([status, fields['Allow']], [405, 'GET, HEAD']);
  }
});
