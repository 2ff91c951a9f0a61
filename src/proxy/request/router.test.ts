import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoutedSite } from '../../protocol/worker.ts';
import { canonicalName, hostName, makeRouter } from './router.ts';

function site(name: string, ...serverNames: string[]): RoutedSite {
  const rest = {
    locations: [],
    socket: '',
    clientMaxBodySize: 0,
    proxyReadTimeout: 60,
    accessLog: '',
    errorLog: '',
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
    keepalive: false,
  };
  return { name, serverNames, accessLogFd: null, ...rest };
}

test('a host name counts without its case, port and trailing dot', () => {
  for (const value of [
    'hello.test',
    'HELLO.Test',
    'hello.test.',
    'hello.test:80',
    'hello.test.:8000',
    'hello.test:',
    'hello.test:65535',
  ]) {
    assert.equal(hostName(value), 'hello.test');
  }
  assert.equal(hostName('[::1]:80'), '[::1]');
});

test('what is no host name is refused', () => {
  const wrong = [
    '',
    '.',
    'a..b',
    '.a',
    'a b',
    'a/b',
    'u@a',
    'a:65536',
    'a:000080',
    'a:80:80',
    'a:x',
    '[::1',
    'a\0b',
    'a,b',
    'a'.repeat(256),
  ];
  for (const value of wrong) assert.equal(hostName(value), null, value);
});

test('any host name that is accepted is safe to say again', () => {
  const label = fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9_-]{0,8}[A-Za-z0-9_])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => labels.join('.'));
  const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: null });
  fc.assert(
    fc.property(name, port, (host, number) => {
      assert.equal(hostName(number === null ? host : `${host}:${number}`), host.toLowerCase());
    }),
  );
  const odd = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(name, odd, fc.nat(), (host, put, place) => {
      const at = place % (host.length + 1);
      const said = hostName(host.slice(0, at) + put + host.slice(at));
      if (said !== null) assert.match(said, /^[a-z0-9._:[\]-]+$/);
      if (/[^A-Za-z0-9._:[\]-]/.test(put)) assert.equal(said, null);
    }),
  );
});

test('exact names win over wildcards, and longer wildcards over shorter', () => {
  const route = makeRouter([site('a', '*.x.test'), site('b', 'www.x.test'), site('c', '*.deep.x.test')]);
  assert.equal(route('www.x.test')?.name, 'b');
  assert.equal(route('other.x.test')?.name, 'a');
  assert.equal(route('far.other.x.test')?.name, 'a');
  assert.equal(route('www.deep.x.test')?.name, 'c');
  assert.equal(route('x.test'), null);
  assert.equal(route('evilx.test'), null);
});

test('every site answers at NAME.localhost unless another has claimed the name', () => {
  const route = makeRouter([site('Blog'), site('shop', 'mine.localhost'), site('mine')]);
  assert.equal(route('blog.localhost')?.name, 'Blog');
  assert.equal(route('mine.localhost')?.name, 'shop');
  assert.equal(route('localhost'), null);
});

test('a name to redirect from leads to its site, and never takes a name that is served', () => {
  const old = {
    ...site('new', 'new.test', '*.new.test'),
    redirectFrom: ['old.test', '*.old.test', 'b.new.test', 'x.test'],
  };
  const route = makeRouter([old, site('x', 'x.test')]);
  for (const name of ['old.test', 'www.old.test', 'b.new.test']) {
    assert.equal(route(name)?.name, 'new');
    assert.equal(route(name)?.isRedirected, true);
  }
  for (const name of ['new.test', 'a.new.test', 'new.localhost'])
    assert.equal(route(name)?.isRedirected, undefined);
  assert.equal(route('x.test')?.name, 'x');
});

test('a site calls itself by its first name that is no wildcard', () => {
  assert.equal(canonicalName(site('a', '*.x.test', 'www.x.test', 'x.test')), 'www.x.test');
  assert.equal(canonicalName(site('Only', '*.x.test')), 'only.localhost');
});
