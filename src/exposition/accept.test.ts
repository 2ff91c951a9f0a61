import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatFor } from './accept.ts';

const prometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

test('Prometheus gets OpenMetrics, and whoever does not ask for it gets the plain text', () => {
  for (const accept of [
    prometheus2,
    prometheus3,
    'application/openmetrics-text',
    'Application/OpenMetrics-Text; version="1.0.0"',
  ])
    assert.equal(formatFor(accept), 'openmetrics', accept);
  for (const accept of [
    undefined,
    '',
    '*/*',
    'text/html,*/*;q=0.8',
    'text/plain;version=0.0.4',
    'application/openmetrics-text;version=0.0.1',
    'application/openmetrics-text;version=1.0.0;q=0',
    'application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.5',
    'application/openmetrics-text;version=1.0.0;q=nonsense',
  ])
    assert.equal(formatFor(accept), 'text', String(accept));
});

test('no field makes it throw', () => {
  fc.assert(fc.property(fc.string(), text => void formatFor(text)));
});
