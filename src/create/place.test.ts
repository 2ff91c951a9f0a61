import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readOrder } from './order.ts';
import { checkConflicts, findPlace } from './place.ts';

function configuration(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'create-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'hostd.toml');
  writeFileSync(file, text);
  return file;
}

test('an app’s table goes to where the configuration looks for it', t => {
  const file = configuration(t, '[hostd]\ninclude = ["one.toml", "sites/*.toml"]\n');
  assert.equal(findPlace(file, 'hello').tomlFile, join(file, '..', 'sites', 'hello.toml'));
  const nowhere = configuration(t, '[hostd]\ninclude = ["one.toml"]\n');
  assert.throws(() => findPlace(nowhere, 'hello'), /include in ".*" names no directory/);
});

test('a configuration that is not there yet has the usual places', () => {
  const place = findPlace('/nowhere/hostd.toml', 'hello');
  assert.deepEqual(
    [place.exists, place.tomlFile, place.existing],
    [false, '/nowhere/apps.d/hello.toml', null],
  );
});

test('a configuration with errors is not added to', t => {
  assert.throws(() => findPlace(configuration(t, '[proxy]\nlisten = 7\n'), 'hello'), { code: 'config' });
  assert.throws(() => findPlace(configuration(t, '[app.hello]\nrooot = "/a/b"\n'), 'hello'), {
    code: 'config',
  });
});

test('host names, directories and users of other apps are not taken', t => {
  const file = configuration(t, '[app.blog]\nroot = "/webapps/blog"\nserver_names = ["blog.test"]\n');
  const { host } = findPlace(file, 'hello');
  const refused = (asked: object) => () =>
    checkConflicts(readOrder({ name: 'hello', ...asked }, null, {}), host);
  assert.throws(refused({ host: 'hello.test,blog.test' }), /host name "blog.test" is already used by "blog"/);
  assert.throws(refused({ root: '/webapps/blog/inner' }), /"\/webapps\/blog" is the directory of "blog"/);
  assert.throws(refused({ user: 'blog' }), /user "blog" is that of "blog"/);
  refused({ host: 'hello.test' })();
});
