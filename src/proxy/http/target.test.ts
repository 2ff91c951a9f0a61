import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalise, parseTarget } from './target.ts';

const path = (raw: string): string | undefined => parseTarget(raw)?.path;

test('one path is decided on, decoded once and with its dots resolved', () => {
  assert.equal(path('/static/a.txt?x'), '/static/a.txt');
  assert.equal(path('/%73tatic%2fa.txt'), '/static/a.txt');
  assert.equal(path('//static///a.txt'), '/static/a.txt');
  assert.equal(path('/x/../static/./a.txt'), '/static/a.txt');
  assert.equal(path('/static/..%2fsettings.py'), '/settings.py');
  assert.equal(path('/static/%252e%252e/x'), '/static/%2e%2e/x');
  assert.equal(path('/a%3fb%23c'), '/a?b#c');
  assert.equal(path('/a/..'), '/');
  assert.equal(path('/a/b/..'), '/a/');
  assert.equal(path('/a.b/.c'), '/a.b/.c');
});

test('the app is sent the target as it was written', () => {
  assert.equal(parseTarget('/a%2Fb/../c?d#e')?.uri, '/a%2Fb/../c?d#e');
  assert.equal(parseTarget('/a?b=c?d#e')?.query, 'b=c?d');
});

test('an absolute target is taken apart', () => {
  assert.deepEqual(parseTarget('http://Hello.test:81?x'), {
    authority: 'Hello.test:81',
    uri: '/?x',
    path: '/',
    query: 'x',
  });
});

test('targets that are no paths, leave the root, or hide bytes are refused', () => {
  const wrong = [
    '',
    '*',
    'x',
    '/..',
    '/../x',
    '/%2e%2e/x',
    '/a/../../b',
    '/%',
    '/%2',
    '/%zz',
    '/a%00b',
    'ftp://a/',
    'http:///x',
  ];
  for (const raw of wrong) assert.equal(parseTarget(raw), null, raw);
});

const pieces = fc.constantFrom('/', '.', '..', 'a', '%2e', '%2F', '%25', '\\', ';', '%61', '~', '%c3');

test('no path climbs, repeats a slash, or changes when it is resolved again', () => {
  fc.assert(
    fc.property(fc.array(pieces), parts => {
      const resolved = normalise(`/${parts.join('')}`);
      if (resolved === null) return;
      assert.ok(resolved.startsWith('/') && !resolved.includes('//'));
      assert.ok(!/\/\.\.?(\/|$)/.test(resolved));
      assert.equal(normalise(resolved.replaceAll('%', '%25')), resolved);
    }),
  );
});

test('a target that needs no second look gives what a second look would', () => {
  fc.assert(
    fc.property(fc.array(pieces), parts => {
      const raw = `/${parts.join('')}`;
      assert.equal(parseTarget(raw)?.path ?? null, normalise(raw));
    }),
  );
});
