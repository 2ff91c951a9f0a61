import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appProgram, makeApp } from '../../model/app.ts';
import { defaultSettings } from '../../model/assemble.ts';
import type { App } from '../../model/host.ts';
import type { Visited } from '../../protocol/visit.ts';
import { noRequests, type RequestFacts } from '../facts.ts';
import { judgeRequests } from './request.ts';

const app = makeApp({
  name: 'hello',
  root: '/r',
  source: { file: '/f', key: ['app', 'hello'] },
  serverNames: ['hello.test'],
});
const ok: Visited = {
  id: 'plain',
  status: 200,
  why: '',
  hops: [],
  isLoop: false,
  ms: 20,
  server: 'hostd',
  title: 'Hello',
  tls: null,
};
const judge = (
  requests: Partial<RequestFacts>,
  reason: string | null = null,
  change: Partial<App> = {},
  trustedProxies: string[] = [],
) => {
  const proxy = { ...defaultSettings('/f').proxy, trustedProxies };
  const own = { ...app, ...change };
  const facts = { app: own, program: appProgram(own), proxy, status: null, events: [], now: 0 };
  const { findings } = judgeRequests(facts, { ...noRequests, ...requests }, reason);
  return findings.map(({ check, severity, message, hint }) => `${check} ${severity}: ${message}; ${hint}`);
};

test('a page, and a redirect to a page of another host, are well', () => {
  assert.deepEqual(judge({ plain: ok }), []);
  assert.deepEqual(judge({ plain: { ...ok, status: 302, hops: ['https://login.example.org/'] } }), []);
});

test('an error of the app is told with its exception', () => {
  assert.match(
    judge({ plain: { ...ok, status: 500 } }, 'ValueError: x (/a.py:3)')[0] ?? '',
    /^request error: a request for "hello.test" is answered with 500: ValueError: x \(\/a\.py:3\); hostctl logs hello$/,
  );
  assert.match(
    judge({ plain: { ...ok, status: 400 } })[0] ?? '',
    /400; has ALLOWED_HOSTS in hello.settings the host name\?/,
  );
});

test('no answer, and none in time', () => {
  assert.match(
    judge({ plain: { ...ok, status: 0, why: 'ECONNRESET' } })[0] ?? '',
    /got no answer: it ended the connection without an answer/,
  );
  assert.match(
    judge({ plain: { ...ok, status: 0, why: 'late', ms: 10_004 } })[0] ?? '',
    /got no answer within 10 s/,
  );
  assert.match(judge({ plain: { ...ok, ms: 4200 } })[0] ?? '', /^request warning: .* took 4\.2 s/);
});

test('a redirect for ever', () => {
  const loop = { ...ok, status: 301, isLoop: true, hops: ['https://hello.test/', 'https://hello.test/'] };
  assert.match(
    judge({ plain: ok, secure: { ...loop, tls: { fault: null } } })[0] ?? '',
    /redirected for ever .*; SECURE_PROXY_SSL_HEADER = /,
  );
});

test('a redirect to https that nobody speaks, unless a proxy in front is trusted', () => {
  const away = { ...ok, status: 301, hops: ['https://hello.test/'] };
  assert.match(
    judge({ plain: away })[0] ?? '',
    /nobody speaks https for it here; certificate and certificate_key/,
  );
  assert.deepEqual(judge({ plain: away }, null, {}, ['10.0.0.0/8']), []);
});

test('a proxy that does not reach an app which answers', () => {
  assert.match(
    judge({ plain: { ...ok, status: 502 }, direct: ok })[0] ?? '',
    /the proxy answers 502 .* the app itself answers well/,
  );
  assert.match(
    judge({ plain: { ...ok, status: 502 }, direct: { ...ok, status: 500 } })[0] ?? '',
    /is answered with 502/,
  );
});

test('a health path that is wrong, while the site is well', () => {
  assert.match(
    judge({ plain: ok, health: { ...ok, status: 404 } }, null, { health: '/up' })[0] ?? '',
    /its health path "\/up" is answered with 404/,
  );
  assert.equal(
    judge({ plain: { ...ok, status: 500 }, health: { ...ok, status: 500 } }, null, { health: '/up' }).length,
    1,
  );
});

test('a first page that is not there is noted', () => {
  assert.match(judge({ plain: { ...ok, status: 404 } })[0] ?? '', /^request note: /);
});

test('a file below /static/ that is there and not served', () => {
  assert.match(
    judge({ plain: ok, file: { ...ok, status: 403, path: 'a.css' } })[0] ?? '',
    /"\/static\/a\.css" is there, and is answered with 403/,
  );
});

test('the certificate’s chain', () => {
  const secure = (fault: string | null) => judge({ plain: ok, secure: { ...ok, tls: { fault } } });
  assert.deepEqual(secure(null), []);
  assert.match(
    secure('DEPTH_ZERO_SELF_SIGNED_CERT')[0] ?? '',
    /^certificate error: its certificate is self-signed.*certbot certonly -d hello\.test/,
  );
  assert.match(secure('UNABLE_TO_VERIFY_LEAF_SIGNATURE')[0] ?? '', /without the chain.*fullchain\.pem/);
  assert.match(secure('SELF_SIGNED_CERT_IN_CHAIN')[0] ?? '', /^certificate warning: /);
  assert.deepEqual(secure('CERT_HAS_EXPIRED'), []);
});
