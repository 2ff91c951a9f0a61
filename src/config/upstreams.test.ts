// Apps that are served elsewhere, in the configuration: what they need, what rests, and every mistake with its whole message.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryFiles } from './fixture.test.ts';

const app = (keys: string) => `[app.shop]\nserver_names = ["shop.test"]\n${keys}\n`;
const two = 'upstreams = ["10.0.0.5:8000", "[fd00::6]:8000", "10.0.0.5:8000"]';

test('upstreams are enough: nothing runs here, and the logs are with hostd’s own', () => {
  const { host, said } = tryFiles({
    'hostd.toml': app(`${two}\nhealth = "/healthz"\nhealth_interval = "5s"\nstatic = "/srv/shop/static"`),
  });
  assert.deepEqual(said, []);
  assert.deepEqual([host.programs, host.resting], [[], []]);
  const [site] = host.sites;
  assert.deepEqual(site?.upstreams, {
    addresses: [
      { host: '10.0.0.5', port: 8000 },
      { host: 'fd00::6', port: 8000 },
    ],
    health: { interval: 5, failures: 3, path: '/healthz', host: 'shop.test' },
  });
  assert.deepEqual(
    [site?.accessLog, site?.locations.map(({ prefix, alias }) => prefix + alias)],
    ['/var/log/hostd/shop/nginx-access.log', ['/static//srv/shop/static/']],
  );
});

test('with a root, what is said of the app’s programs rests until upstreams is gone', () => {
  const keys = `root = "/webapps/shop"\nworkers = 5\n${two}\n[app.shop.program.celery]\ncommand = "celery"`;
  const { host, said } = tryFiles({ 'hostd.toml': app(keys) });
  assert.deepEqual(said, []);
  assert.deepEqual([host.programs, host.resting.map(({ name }) => name)], [[], ['shop', 'shop:celery']]);
  assert.equal(host.sites[0]?.accessLog, '/webapps/shop/logs/nginx-access.log');
});

test('without a root, keys of programs that run here are refused, with both places', () => {
  const { host, said } = tryFiles({
    'hostd.toml': '',
    'apps.d/shop.toml': app(`${two}\nworkers = 3\nenv = { A = "b" }`),
  });
  const hint = (key: string) =>
    `\n  try: leave ${key} out; or root = "/...", and what is said of the app's programs waits until upstreams is gone`;
  const beside = 'nothing of the app runs here (upstreams at apps.d/shop.toml:3)';
  assert.deepEqual(said, [
    `apps.d/shop.toml:4:1: app "shop": cannot use workers beside upstreams: ${beside}${hint('workers')}`,
    `apps.d/shop.toml:5:1: app "shop": cannot use env beside upstreams: ${beside}${hint('env')}`,
  ]);
  assert.deepEqual(host.sites, []);
});

test('hostd’s own address is no upstream, since the proxy would ask itself', () => {
  const proxy = (listen: string, upstream: string) =>
    tryFiles({
      'hostd.toml': `[proxy]\nlisten = ["${listen}"]\n${app(`upstreams = ["${upstream}"]`)}`,
    }).said.length;
  assert.equal(proxy('0.0.0.0:8000', '127.0.0.1:8000'), 1);
  assert.equal(proxy('[::]:8000', '[::1]:8000'), 1);
  assert.equal(proxy('10.0.0.5:8000', '10.0.0.5:8000'), 1);
  assert.equal(proxy('10.0.0.5:8000', '10.0.0.6:8000'), 0);
  assert.equal(proxy('0.0.0.0:8000', '127.0.0.1:8001'), 0);
});

test('an app without root and without upstreams lacks its root', () => {
  const { said } = tryFiles({ 'hostd.toml': app('') });
  assert.deepEqual(said, ['hostd.toml:1:1: app "shop": root is missing\n  try: root = ...']);
});
