import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HostdError } from '../errors.ts';
import { accountName, appName, codeSource, hostNames, isModulePath, moduleName, rootPath } from './names.ts';

/** The result, or "" where the text is refused as wrong use with a next move. */
function tryOut(check: (text: string) => string, text: string): string {
  try {
    return check(text);
  } catch (error) {
    assert.ok(
      error instanceof HostdError && error.code === 'usage' && error.hint !== undefined,
      String(error),
    );
    return '';
  }
}

const anything = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[a-z0-9_./-]{0,40}$/),
  fc.constantFrom(
    'root',
    'all',
    '',
    '.',
    '..',
    '/',
    '-x',
    'a b',
    "a'b",
    'a"b',
    'a\nb',
    'a;b',
    '$(id)',
    'a\0b',
  ),
);

test('a user or group that is accepted is safe in every tool, whatever was typed', () => {
  fc.assert(
    fc.property(anything, fc.constantFrom('user' as const, 'group' as const), (text, what) => {
      const name = tryOut(text => accountName(what, text), text);
      assert.match(name, /^([a-z_][a-z0-9_-]{0,31})?$/);
      assert.notEqual(name, 'root');
    }),
  );
});

test('an app that is accepted is a file name, and no option', () => {
  fc.assert(fc.property(anything, text => assert.match(tryOut(appName, text), /^([A-Za-z0-9][\w.-]*)?$/)));
});

test('a directory that is accepted is absolute, plain, below the top, and short enough for a socket', () => {
  const paths = fc.oneof(
    anything,
    fc.array(anything).map(parts => `/${parts.join('/')}`),
  );
  fc.assert(
    fc.property(paths, text => {
      const path = tryOut(rootPath, text);
      if (path === '') return;
      assert.match(path, /^(\/[A-Za-z0-9._+-]+){2,}$/);
      assert.ok(!path.split('/').some(part => part === '.' || part === '..'));
      assert.ok(`${path}/run/gunicorn.sock`.length <= 107);
    }),
  );
});

test('directories of the system, and those that many share, are refused', () => {
  for (const path of [
    '/etc/hello',
    '/usr/local/hello',
    '/root/hello',
    '/proc/1',
    '/var/lib',
    '/var/log',
    '/webapps',
    '/',
  ])
    assert.equal(tryOut(rootPath, path), '', path);
  for (const path of [
    '/webapps/hello_django',
    '/srv/hello',
    '/var/www/hello',
    '/opt/hello',
    '/home/ann/hello',
  ])
    assert.equal(rootPath(path), path);
  assert.equal(rootPath('/webapps/hello/'), '/webapps/hello');
  assert.equal(tryOut(rootPath, '/webapps/../etc/hello'), '');
});

test('a new project is a Python package that hides no module', () => {
  assert.equal(moduleName('my-site.org'), 'my_site_org');
  for (const name of ['1shop', 'class', 'django', 'test', 'gunicorn'])
    assert.equal(tryOut(moduleName, name), '', name);
  fc.assert(fc.property(anything, text => assert.match(tryOut(moduleName, text), /^([A-Za-z_]\w*)?$/)));
});

test('host names are lower case, and none is kept twice', () => {
  assert.deepEqual(hostNames('Hello.test, www.hello.test,hello.test.'), ['hello.test', 'www.hello.test']);
  for (const text of ['', 'http://hello.test', 'hello.test:80', '*', 'a,,b'])
    assert.throws(() => hostNames(text), /cannot use the host name/, text);
});

test('code comes from git by known protocols, or from a directory', () => {
  const kinds = (text: string) => codeSource(text).kind;
  for (const url of [
    'https://example.org/a.git',
    'ssh://git@example.org/a',
    'git@example.org:a/b.git',
    'file:///srv/a',
  ])
    assert.equal(kinds(url), 'git', url);
  for (const path of ['.', '/srv/a', './a', '../a b', 'a']) assert.equal(kinds(path), 'directory', path);
  for (const text of [
    'ext::sh -c id',
    'fd::7',
    '--upload-pack=id',
    'https://exa mple',
    'ftp://example.org/a',
  ])
    assert.throws(() => codeSource(text), /cannot use the source/, text);
});

test('only dotted names are modules', () => {
  for (const text of ['hello.settings', 'a', 'a.b.c_1']) assert.ok(isModulePath(text), text);
  for (const text of ['', '.a', 'a..b', 'a-b', '1a', 'a b', 'a\n', 'a:b'])
    assert.ok(!isModulePath(text), text);
});
