import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryFiles } from './fixture.test.ts';

const read = (text: string) => {
  const { host, said } = tryFiles({ 'hostd.toml': text });
  return { metrics: host.settings.metrics, said: said.join('\n') };
};

test('[metrics] has an address or a unix socket, or is not there', () => {
  assert.deepEqual(read('[metrics]\nlisten = "127.0.0.1:9145"'), {
    metrics: { address: { host: '127.0.0.1', port: 9145 } },
    said: '',
  });
  assert.deepEqual(read('[metrics]\nlisten = "/run/metrics.sock"'), {
    metrics: { address: { path: '/run/metrics.sock', rights: null } },
    said: '',
  });
  assert.equal(read('[metrics]').metrics, null);
  assert.match(read('[metrics]\nlisten = "localhost"').said, /it must be an address and a port, or a path/);
});

test('an address that something else of hostd has is an error', () => {
  const metrics = (listen: string) => `[metrics]\nlisten = "${listen}"\n`;
  assert.match(read(metrics('0.0.0.0:80')).said, /\[metrics\]: cannot listen there: \[proxy\] does/);
  assert.match(read(metrics('/run/hostd/hostd.sock')).said, /cannot listen there: \[control\] does/);
  const supervisor = '[supervisor]\nsocket = "/run/s.sock"\n';
  assert.match(read(metrics('/run/s.sock') + supervisor).said, /cannot listen there: \[supervisor\] does/);
});
