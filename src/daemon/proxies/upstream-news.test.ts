import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import { assemble, defaultSettings } from '../../model/assemble.ts';
import type { Standings } from '../../protocol/note.ts';
import { makeUpstreamNews } from './upstream-news.ts';

/** An app with two upstreams, two workers, and what is told. */
function scene() {
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
  const standings: Standings[] = [[], []];
  /** As a worker notes how they stand, and says so. */
  const stand = (worker: number, ...faults: Standings) => {
    standings[worker] = faults;
    news.changed('shop');
  };
  const read = (worker: number) => (site: string) => (site === 'shop' ? (standings[worker] ?? []) : []);
  const expect = (...lines: readonly string[]) => assert.deepEqual(told.splice(0), lines);
  return { news, standings, stand, read, expect };
}

test('each other set of upstreams that some worker leaves out is told once, and the end of it', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { news, standings, stand, read, expect } = scene();
  news.goOn(new Map());
  for (const worker of [0, 1]) news.began(`hostd-proxy:${worker}`, read(worker));
  stand(0, null, null);
  expect();
  stand(0, 'refused', null);
  stand(1, 'timeout', null);
  expect('shop upstream-out: 10.0.0.1:8000 (it refuses connections); 1 of 2 get requests');
  stand(0, null, null);
  expect('shop upstream-out: 10.0.0.1:8000 (it does not answer); 1 of 2 get requests');
  stand(1, null, null);
  expect('shop upstream-back: all 2 get requests again');
  news.changed('nobody');
  expect();
  stand(0, 'refused', 'refused');
  expect(
    'shop upstream-out: 10.0.0.1:8000 (it refuses connections), 10.0.0.2:8000 (it refuses connections); 0 of 2 get requests',
  );
  // A new run knows nothing yet.
  standings[0] = [];
  news.began('hostd-proxy:0', read(0));
  stand(0, 'refused', 'refused');
  expect();
  standings[0] = [];
  news.began('hostd-proxy:0', read(0));
  t.mock.timers.tick(120_000);
  expect('shop upstream-back: all 2 get requests again');
});

const one = '10.0.0.1:8000 (it refuses connections); 1 of 2 get requests';

test('the next hostd tells only what has changed since the last one told it', () => {
  for (const [before, now, ...lines] of [
    ['', [null, null]],
    ['', ['refused', null], `shop upstream-out: ${one}`],
    [one, ['refused', null]],
    [one, [null, null], 'shop upstream-back: all 2 get requests again'],
  ] as const) {
    const { news, standings, stand, read, expect } = scene();
    standings[0] = now;
    news.adopted('hostd-proxy:0', read(0));
    // An older run, which finishes what it has.
    news.adopted('hostd-proxy:0', () => ['health', 'health']);
    stand(0, ...now);
    expect();
    news.goOn(new Map(before === '' ? [] : [['shop', before]]));
    expect(...lines);
  }
});

test('workers that begin with the next hostd have time to find out', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { news, read, stand, expect } = scene();
  news.began('hostd-proxy:0', read(0));
  news.goOn(new Map([['shop', one]]));
  stand(0, 'refused', null);
  t.mock.timers.tick(120_000);
  expect();
  stand(0, null, null);
  expect('shop upstream-back: all 2 get requests again');
});
