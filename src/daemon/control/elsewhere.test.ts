import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import { elsewhereStatus } from './elsewhere.ts';

const app = makeApp({
  name: 'shop',
  root: '/var/log/hostd/shop',
  source: { file: 'shop.toml', key: ['app', 'shop'] },
  upstreams: [
    { host: '10.0.0.5', port: 8000 },
    { host: 'fd00::6', port: 8000 },
  ],
});

test('an app elsewhere is well while one of its upstreams gets requests', () => {
  const told = (...all: Parameters<typeof elsewhereStatus>[1]) => {
    const { state, statecode, description, upstreams } = elsewhereStatus(app, all);
    return [state, statecode, description, upstreams?.map(({ fault }) => fault)];
  };
  const well = ['RUNNING', 20, 'elsewhere: 10.0.0.5:8000, [fd00::6]:8000', [null, null]];
  assert.deepEqual(told(), well);
  assert.deepEqual(told([], [null, null]), well);
  const half = 'elsewhere: 1 of 2, left out: [fd00::6]:8000 (it refuses connections)';
  assert.deepEqual(told([null, null], [null, 'refused']), ['RUNNING', 20, half, [null, 'refused']]);
  const none =
    'elsewhere: 0 of 2, left out: 10.0.0.5:8000 (it is not healthy), [fd00::6]:8000 (it refuses connections)';
  assert.deepEqual(told(['health', 'refused']), ['BACKOFF', 30, none, ['health', 'refused']]);
});
