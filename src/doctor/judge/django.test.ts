import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Found } from '../../check/deep-report.ts';
import { makeApp } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import {
  coversOrigin,
  type DjangoFacts,
  djangoFacts,
  judgeCode,
  judgeDjango,
  reasonIn,
  type Surroundings,
} from './django.ts';

const app = makeApp({
  name: 'hello',
  root: '/r',
  source: { file: '/f', key: ['app', 'hello'] },
  serverNames: ['hello.test'],
});
const sound: DjangoFacts = {
  sslHeader: false,
  sslRedirect: false,
  origins: [],
  csrf: true,
  whitenoise: false,
  staticfiles: true,
  staticUrl: '/static/',
  staticRoot: '/r/static',
  mediaUrl: '/media/',
  mediaRoot: '/r/media/',
  timeZone: 'UTC',
  databases: [],
  closed: [],
  deploy: [],
};
const usual: Surroundings = { isSecure: false, isTold: true, staticIsEmpty: false, machineZone: 'Etc/UTC' };
const judge = (change: Partial<DjangoFacts>, around: Partial<Surroundings> = {}, own: Partial<App> = {}) =>
  judgeDjango({ ...sound, ...change }, { ...app, ...own }, { ...usual, ...around }).findings.map(
    ({ check, severity, message, hint }) => `${check} ${severity}: ${message}; ${hint}`,
  );

test('sound settings', () => assert.deepEqual(judge({}), []));

test('https that the server does not tell Django of', () => {
  const around = { isSecure: true, isTold: false };
  assert.match(
    judge({}, around)[0] ?? '',
    /CSRF_TRUSTED_ORIGINS has not "https:\/\/hello\.test": each form .* 403; SECURE_PROXY_SSL_HEADER = /,
  );
  assert.match(
    judge({ sslRedirect: true }, around)[0] ?? '',
    /redirected for ever; SECURE_PROXY_SSL_HEADER = /,
  );
  assert.deepEqual(judge({ origins: ['https://*.test'] }, around), []);
  assert.deepEqual(judge({ sslHeader: true, sslRedirect: true }, around), []);
  assert.deepEqual(judge({ sslRedirect: true }, { ...around, isTold: true }), []);
  assert.deepEqual(judge({}, { ...around, isSecure: false }), []);
});

test('origins', () => {
  assert.ok(coversOrigin('https://hello.test', 'hello.test'));
  assert.ok(coversOrigin('https://*.test', 'hello.test'));
  for (const origin of ['http://hello.test', 'hello.test', 'https://ello.test', 'https://*.ello.test'])
    assert.ok(!coversOrigin(origin, 'hello.test'), origin);
});

test('static files', () => {
  assert.match(
    judge({}, { staticIsEmpty: true })[0] ?? '',
    /^static error: "\/r\/static\/" has no files.*collectstatic --noinput$/,
  );
  assert.match(
    judge({ staticRoot: '/elsewhere' }, { staticIsEmpty: true })[0] ?? '',
    /STATIC_ROOT is "\/elsewhere".*static = "\/elsewhere"/,
  );
  assert.match(judge({ staticRoot: '' }, { staticIsEmpty: true })[0] ?? '', /STATIC_ROOT is not set/);
  assert.match(judge({ staticUrl: 'assets/' })[0] ?? '', /STATIC_URL is "assets\/"/);
  for (const fine of [
    { staticUrl: 'static/' },
    { staticUrl: 'https://cdn.test/' },
    { staticUrl: '/assets/', whitenoise: true },
    { staticUrl: '/assets/', staticfiles: false },
  ])
    assert.deepEqual(judge(fine), []);
  assert.deepEqual(judge({ staticUrl: '/assets/' }, {}, { static: null }), []);
});

test('uploads, directories that are closed, time zones, advice', () => {
  assert.match(judge({ mediaRoot: '/m' })[0] ?? '', /^static warning: MEDIA_ROOT is "\/m".*media = "\/m"/);
  assert.match(
    judge({ closed: ['/r/media/'] })[0] ?? '',
    /"hello" may not write "\/r\/media\/"; chown hello \/r\/media\/$/,
  );
  assert.match(
    judge({ timeZone: 'America/Chicago' }, { machineZone: 'Europe/Berlin' })[0] ?? '',
    /^django note: TIME_ZONE/,
  );
  assert.deepEqual(judge({ deploy: ['security.W004', 'security.W018'] }), []);
  assert.match(
    judge({ deploy: ['security.W004'] }, { isSecure: true })[0] ?? '',
    /^django note: Django advises to look at security\.W004; hostctl exec hello -- python manage\.py check --deploy$/,
  );
});

const one = (what: string, more: object = {}): Found => ({
  key: 'settings',
  what,
  words: 'KeyError: 1',
  at: null,
  module: null,
  more: { ...more },
});

test('reports become findings, and what explains a site that is down', () => {
  const { findings } = judgeCode(
    [one('database'), one('debug'), one('urls'), one('facts'), one('unapplied', { number: 2 })],
    app,
  );
  assert.deepEqual(
    findings.map(({ check, severity, explains, at }) => [check, severity, explains, at]),
    [
      ['database', 'error', true, undefined],
      ['django', 'error', false, undefined],
      ['code', 'error', true, undefined],
      ['database', 'error', true, undefined],
    ],
  );
});

test('why a page failed, and facts that an app has forged', () => {
  assert.equal(reasonIn([{ ...one('get'), at: ['/a.py', 3] }]), 'KeyError: 1 (/a.py:3)');
  assert.equal(reasonIn([one('answer')]), null);
  assert.equal(djangoFacts([one('debug')]), null);
  const forged = djangoFacts([
    one('facts', { facts: { static_url: 5, origins: [1, 'https://a'], closed: 'x', csrf: 'yes' } }),
  ]);
  assert.deepEqual(
    [forged?.staticUrl, forged?.origins, forged?.closed, forged?.csrf],
    ['', ['https://a'], [], false],
  );
});
