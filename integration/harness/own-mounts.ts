// Tests that mount file systems: each runs in a mount namespace of its own, so that nobody else sees them, and none is left behind.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/run.ts';
import { needsRoot } from './accounts.ts';

const mark = 'HOSTD_TEST_MOUNTS';

/** Defines a test. `file`: import.meta.url of its file, which is run again in the namespace, for this test alone. */
export function testInOwnMounts(
  file: string,
  name: string,
  body: (t: TestContext) => Promise<void>,
  timeout = 120_000,
): void {
  if (process.env[mark] === name) test(name, body);
  else
    test(name, { skip: needsRoot }, async t => {
      const env = { ...process.env, [mark]: name, NODE_TEST_CONTEXT: undefined };
      const pattern = `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
      const inside = [process.execPath, '--test-name-pattern', pattern, fileURLToPath(file)];
      const { code, stdout, stderr } = await run(['unshare', '-m', ...inside], { env, timeout });
      t.diagnostic(stdout.split('\n').find(line => line.includes(name)) ?? '');
      assert.equal(code, 0, stdout + stderr);
      assert.ok(stdout.includes(name), stdout);
    });
}
