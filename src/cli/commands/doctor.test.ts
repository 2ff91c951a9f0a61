import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostctl } from '../client/fake-daemon.test.ts';

test('a name is not called unknown without a word of the files that cannot be read', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'apps.d'));
  const [config, table] = [join(directory, 'hostd.toml'), join(directory, 'apps.d/shop.toml')];
  writeFileSync(config, '[control]\nsocket = "/nonexistent/hostd.sock"\ngroup = "root"\n');
  const asked = () => hostctl(['doctor', 'shop', '-c', config]);
  const { code, stderr } = await asked();
  assert.equal(stderr, 'hostctl: cannot find "shop": no such app\n  try: hostctl status\n');
  writeFileSync(table, '[app.shop\n');
  assert.deepEqual(await asked(), {
    code,
    stdout: '',
    stderr: `hostctl: cannot find "shop": no such app, unless it is in "${table}", which cannot be read\n  try: hostctl doctor\n`,
  });
});
