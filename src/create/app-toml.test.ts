import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { load } from '../config/load.ts';
import { appToml } from './app-toml.ts';

test('hostd reads back the app that was written, whatever is in its environment', t => {
  const directory = mkdtempSync(join(tmpdir(), 'create-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,10}$/);
  const value = fc.string({ unit: 'grapheme' }).filter(text => !/[\0%]/.test(text));
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), env => {
      const file = join(directory, 'hostd.toml');
      const app = {
        name: 'my.site',
        root: '/webapps/my',
        user: 'my',
        group: 'webapps',
        project: '/webapps/my/site',
        settings: 'site.settings',
        wsgi: 'site.wsgi',
        hosts: ['a.test', 'b.test'],
        health: '/up',
        env,
      };
      writeFileSync(file, appToml(app));
      const { host, problems } = load(file, { machine: null });
      const [read] = host.apps;
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      assert.deepEqual(read?.env, env);
      assert.equal(read?.health, '/up');
      assert.deepEqual(read?.serverNames, app.hosts);
      assert.deepEqual(
        [read?.root, read?.user, read?.group, read?.project],
        [app.root, app.user, app.group, app.project],
      );
      assert.deepEqual([read?.settings, read?.wsgi, read?.name], [app.settings, app.wsgi, app.name]);
    }),
    { numRuns: 50 },
  );
});
