import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../model/app.ts';
import { assemble, defaultSettings } from '../model/assemble.ts';
import type { App, ProxySettings } from '../model/host.ts';
import type { Visited } from '../protocol/visit.ts';
import type { Front } from './facts.ts';
import { requestsIn, visitsOf } from './visiting.ts';

const source = { file: '/f', key: ['app', 'hello'] };
const fronts: readonly Front[] = [80, 443].map(port => ({ port, holder: null, workers: [] }));

function visits(proxy: Partial<ProxySettings>, change: Partial<App> = {}, others: readonly Front[] = []) {
  const app = { ...makeApp({ name: 'hello', root: '/r', source, serverNames: ['hello.test'] }), ...change };
  const settings = defaultSettings('/f');
  const host = assemble({
    settings: { ...settings, proxy: { ...settings.proxy, ...proxy } },
    apps: [app],
    programs: [],
    groups: [],
  });
  return visitsOf({ host, app, fronts: others, file: 'a.css' }).map(({ id, to, path, isSecure }) =>
    [id, 'socket' in to ? to.socket : `${to.host}:${to.port}`, path, isSecure ? 'https' : 'http'].join(' '),
  );
}

const listen = [{ host: '0.0.0.0', port: 80 }];
const tlsListen = [{ host: '::', port: 443 }];

test('through the proxy by http, and by https where it has a certificate', () => {
  assert.deepEqual(visits({ listen, tlsListen }), [
    'plain 127.0.0.1:80 / http',
    'file 127.0.0.1:80 /static/a.css http',
  ]);
  const certificate = { certificate: '/c', key: '/k' };
  assert.deepEqual(visits({ listen, tlsListen }, { certificate, health: '/up' }), [
    'plain 127.0.0.1:80 / http',
    'secure ::1:443 / https',
    'health ::1:443 /up https',
    'file ::1:443 /static/a.css https',
  ]);
});

test('without the proxy to the app’s socket, and to a web server in front', () => {
  assert.deepEqual(visits({ enabled: false }, {}, fronts), [
    'direct /r/run/gunicorn.sock / http',
    'front 127.0.0.1:80 / http',
    'frontSecure 127.0.0.1:443 / https',
  ]);
});

test('a web server beside a proxy that visitors reach by themselves is not this site’s', () => {
  assert.equal(visits({ listen: [{ host: '0.0.0.0', port: 8080 }] }, {}, fronts).length, 2);
  assert.equal(visits({ listen: [{ host: '127.0.0.1', port: 8080 }] }, {}, fronts).length, 4);
  assert.equal(
    visits({ listen: [{ host: '127.0.0.1', port: 8080 }] }, { serverNames: [] }, fronts).length,
    2,
  );
});

test('https in front is this site’s where something leads to it', () => {
  const visited: Visited = {
    id: 'plain',
    status: 200,
    why: '',
    hops: [],
    isLoop: false,
    ms: 1,
    server: '',
    title: '',
    tls: null,
  };
  const all = [visited, { ...visited, id: 'front' }, { ...visited, id: 'frontSecure' }];
  assert.equal(requestsIn(all, 'hello.test', null).frontSecure, null);
  const leading = [{ ...visited, hops: ['https://hello.test/'] }, ...all.slice(1)];
  assert.equal(requestsIn(leading, 'hello.test', null).frontSecure?.id, 'frontSecure');
});
