import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import { assemble, defaultSettings } from '../../model/assemble.ts';
import { makeUpstreamNews } from './upstream-news.ts';

test('each other set of upstreams that some worker leaves out is told once, and the end of it', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const upstreams = [1, 2].map(n => ({ host: `10.0.0.${n}`, port: 8000 }));
  const source = { file: '/f', key: ['app', 'shop'] };
  const settings = defaultSettings('/f');
  const two = { ...settings, proxy: { ...settings.proxy, workers: 2 } };
  const host = assemble({
    settings: two,
    apps: [{ ...makeApp({ name: 'shop', root: '/r', source }), upstreams }],
    programs: [],
    resting: [],
    groups: [],
  });
  const told: string[] = [];
  const news = makeUpstreamNews(
    () => host,
    ({ kind, name, cause }) => void told.push(`${name} ${kind}: ${cause}`),
  );
  const expect = (...lines: readonly string[]) => assert.deepEqual(told.splice(0), lines);
  news.began('hostd-proxy:0');
  news.heard('hostd-proxy:0', 'shop', [null, null]);
  expect();
  news.heard('hostd-proxy:0', 'shop', ['refused', null]);
  news.heard('hostd-proxy:1', 'shop', ['timeout', null]);
  expect('shop upstream-out: 10.0.0.1:8000 (it refuses connections); 1 of 2 get requests');
  news.heard('hostd-proxy:0', 'shop', [null, null]);
  expect('shop upstream-out: 10.0.0.1:8000 (it does not answer); 1 of 2 get requests');
  news.heard('hostd-proxy:1', 'shop', [null, null]);
  expect('shop upstream-back: all 2 get requests again');
  news.heard('hostd-proxy:0', 'nobody', ['refused', null]);
  expect();
  news.heard('hostd-proxy:0', 'shop', ['refused', 'refused']);
  expect(
    'shop upstream-out: 10.0.0.1:8000 (it refuses connections), 10.0.0.2:8000 (it refuses connections); 0 of 2 get requests',
  );
  // A new run knows nothing yet.
  news.began('hostd-proxy:0');
  news.heard('hostd-proxy:0', 'shop', ['refused', 'refused']);
  expect();
  news.began('hostd-proxy:0');
  t.mock.timers.tick(120_000);
  expect('shop upstream-back: all 2 get requests again');
});
