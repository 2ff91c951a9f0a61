import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { originOf, type Redirect, type RedirectRequest, redirectOf } from './redirects.ts';
import type { NamedSite } from './router.ts';

const site: NamedSite = {
  name: 'hello',
  serverNames: ['hello.test', 'www.hello.test'],
  locations: [],
  socket: '',
  clientMaxBodySize: 0,
  proxyReadTimeout: 60,
  accessLog: '',
  errorLog: '',
  keepalive: false,
  certificate: null,
  redirectHttps: false,
  redirectFrom: [],
  errorPages: null,
  accessLogFd: null,
};

function redirect(given: Partial<NamedSite>, request: Partial<RedirectRequest> = {}): Redirect | null {
  return redirectOf({
    site: { ...site, ...given },
    hostName: 'www.hello.test',
    method: 'GET',
    uri: '/a%20b?c=d',
    client: { address: '1.1.1.1', secure: false, port: 80 },
    tlsPort: 443,
    ...request,
  });
}

const client = (secure: boolean, port: number | null): RedirectRequest['client'] => ({
  address: '1.1.1.1',
  secure,
  port,
});

test('what is where it belongs is not redirected', () => {
  assert.equal(redirect({}), null);
  assert.equal(redirect({ redirectHttps: true }, { client: client(true, 443) }), null);
});

test('http goes to https at the same name, by 308 where a body or a meaning could get lost', () => {
  const location = 'https://www.hello.test/a%20b?c=d';
  assert.deepEqual(redirect({ redirectHttps: true }), { status: 301, location });
  assert.deepEqual(redirect({ redirectHttps: true }, { method: 'HEAD' }), { status: 301, location });
  assert.deepEqual(redirect({ redirectHttps: true }, { method: 'POST' }), { status: 308, location });
});

test('the port is that of the listeners with TLS, unless a proxy in front has it', () => {
  const to = (port: number | null): string | undefined =>
    redirect({ redirectHttps: true }, { uri: '/', tlsPort: 8443, client: client(false, port) })?.location;
  assert.equal(to(80), 'https://www.hello.test:8443/');
  assert.equal(to(null), 'https://www.hello.test/');
});

test('an old name goes to the first one, at once by https where that is wanted', () => {
  const to = (given: Partial<NamedSite>, from: RedirectRequest['client']): string | undefined =>
    redirect({ isRedirected: true, ...given }, { uri: '/x', client: from, tlsPort: 8443 })?.location;
  assert.equal(to({}, client(false, 80)), 'http://hello.test/x');
  assert.equal(to({}, client(false, 8080)), 'http://hello.test:8080/x');
  assert.equal(to({}, client(true, 443)), 'https://hello.test/x');
  assert.equal(to({}, client(true, 8443)), 'https://hello.test:8443/x');
  assert.equal(to({}, client(true, null)), 'https://hello.test/x');
  assert.equal(to({ redirectHttps: true }, client(false, 80)), 'https://hello.test:8443/x');
  assert.equal(to({ serverNames: ['*.hello.test'] }, client(false, 80)), 'http://hello.localhost/x');
  assert.equal(redirect({ isRedirected: true }, { method: 'POST' })?.status, 301);
});

test('a usual port is not shown', () => {
  assert.equal(originOf(false, 'a', 80), 'http://a');
  assert.equal(originOf(false, 'a', 443), 'http://a:443');
  assert.equal(originOf(true, 'a', 443), 'https://a');
});

test('no target can end the line that it is said in, or change the host', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const { location } = redirect({ redirectHttps: true }, { uri: `/${text}` }) ?? { location: '' };
      assert.match(location, /^https:\/\/www\.hello\.test\/[!-~]*$/);
    }),
  );
});
