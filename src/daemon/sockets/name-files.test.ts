import assert from 'node:assert/strict';
import { closeSync, constants, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDirectory } from '../../linux/paths.ts';
import { native, O_PATH, RESOLVE_BENEATH } from '../../native/index.ts';
import { giveName } from './name-files.ts';

/** Two sockets in a directory. `held`: one of them, with a reference to its file. */
async function twoSockets(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-names-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const name of ['held', 'other']) {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(join(directory, name), resolve));
    t.after(() => server.close());
  }
  const fd = openDirectory(directory);
  const node = native.openAt(fd, 'held', O_PATH | constants.O_NOFOLLOW, 0, RESOLVE_BENEATH);
  t.after(() => [fd, node].forEach(closeSync));
  const inode = (name: string) => statSync(join(directory, name)).ino;
  return {
    node,
    inode,
    path: (name: string) => join(directory, name),
    names: () => readdirSync(directory).sort(),
  };
}

test('a name that is free is given; one that a program has bound meanwhile is left to it', async t => {
  const { node, inode, path, names } = await twoSockets(t);
  const [held, other] = [inode('held'), inode('other')];
  assert.equal(giveName(path('other'), node, null, 'if free'), false);
  assert.equal(inode('other'), other);
  assert.equal(giveName(path('free'), node, null, 'if free'), true);
  assert.equal(inode('free'), held);
  assert.deepEqual(names(), ['free', 'held', 'other']);
});

test('a name is replaced, also by the file that has it already, and no draft is left', async t => {
  const { node, inode, path, names } = await twoSockets(t);
  assert.equal(giveName(path('other'), node, null, 'replace'), true);
  assert.equal(giveName(path('other'), node, null, 'replace'), true);
  assert.equal(inode('other'), inode('held'));
  assert.deepEqual(names(), ['held', 'other']);
});
