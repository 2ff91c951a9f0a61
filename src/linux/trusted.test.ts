import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { chownTree } from '../create/chown-tree.ts';
import { removeTree } from '../create/remove-tree.ts';
import { makeParents, openParent } from './trusted.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const nobody = { uid: 65534, gid: 65534 };

/** `top` with a small tree, and `outside` with a file that must never change. */
function plant(t: TestContext): { top: string; outside: string } {
  const directory = mkdtempSync('/tmp/create-test-');
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [top, outside] = [join(directory, 'top'), join(directory, 'outside')];
  mkdirSync(join(top, 'inner'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(top, 'inner', 'file'), 'x');
  writeFileSync(join(outside, 'file'), 'precious');
  return { top, outside };
}

function isWhole(outside: string): boolean {
  const { uid } = lstatSync(join(outside, 'file'));
  return readFileSync(join(outside, 'file'), 'utf8') === 'precious' && uid === 0;
}

test('links below a tree are removed, and what they point to stays', { skip }, t => {
  const { top, outside } = plant(t);
  symlinkSync(outside, join(top, 'directory'));
  symlinkSync(join(outside, 'file'), join(top, 'inner', 'link'));
  linkSync(join(outside, 'file'), join(top, 'second'));
  assert.equal(removeTree(top), true);
  assert.equal(existsSync(top), false);
  assert.ok(isWhole(outside));
  assert.equal(removeTree(top), false, 'there is nothing any more');
});

test('a part of a tree is removed, but not by way of a link', { skip }, t => {
  const { top, outside } = plant(t);
  symlinkSync(outside, join(top, 'link'));
  assert.throws(() => removeTree(top, ['link', 'file']), /ENOTDIR|ELOOP|Not a directory/);
  assert.ok(isWhole(outside));
  removeTree(top, ['link']);
  removeTree(top, ['inner', 'file']);
  assert.deepEqual(readdirSync(top), ['inner']);
  assert.ok(isWhole(outside));
});

test('a tree that is deeper than any path can name is removed', { skip }, t => {
  const { top } = plant(t);
  const dig = 'import os\nfor i in range(4000):\n    os.mkdir("dddddddddddd"); os.chdir("dddddddddddd")\n';
  assert.equal(spawnSync('/usr/bin/python3', ['-c', dig], { cwd: top }).status, 0);
  removeTree(top);
  assert.equal(existsSync(top), false);
  assert.deepEqual(readdirSync(join(top, '..')), ['outside']);
});

test('a mount below a tree is said, and what is mounted stays', { skip }, t => {
  const { top, outside } = plant(t);
  const mounted = join(top, 'mounted');
  mkdirSync(mounted);
  if (spawnSync('mount', ['--bind', outside, mounted]).status !== 0) return t.skip('cannot mount here');
  t.after(() => spawnSync('umount', [mounted]));
  assert.throws(() => removeTree(top), /cannot go into ".*mounted": another file system is mounted there/);
  assert.ok(isWhole(outside));
  assert.throws(() => chownTree(top, 0, nobody), /another file system is mounted there/);
  assert.ok(isWhole(outside));
  spawnSync('umount', [mounted]);
});

test('the way to a tree leads over no link, and through no directory of others', { skip }, t => {
  const { top, outside } = plant(t);
  symlinkSync(outside, join(top, 'link'));
  assert.throws(() => openParent(join(top, 'link', 'file')), /it is a symbolic link/);
  for (const mode of [0o777, 0o775, 0o757]) {
    chmodSync(top, mode);
    assert.throws(() => openParent(join(top, 'inner')), /others may write to it/, mode.toString(8));
  }
  chmodSync(top, 0o755);
  chownSync(top, 65534, 65534);
  assert.throws(() => openParent(join(top, 'inner')), /it does not belong to root/);
});

test('missing parents are made, and named', { skip }, t => {
  const { outside } = plant(t);
  assert.deepEqual(makeParents(join(outside, 'a', 'b', 'c')), [join(outside, 'a'), join(outside, 'a', 'b')]);
  assert.deepEqual(makeParents(join(outside, 'a', 'b', 'c')), []);
});

test('a tree is given away without what its links point to, and can be given back', { skip }, t => {
  const { top, outside } = plant(t);
  symlinkSync(outside, join(top, 'link'));
  writeFileSync(join(top, 'theirs'), '');
  chownSync(join(top, 'theirs'), 1, 1);
  const { undo } = chownTree(top, 0, nobody);
  const owners = () =>
    [top, join(top, 'inner'), join(top, 'inner', 'file'), join(top, 'theirs')].map(
      path => lstatSync(path).uid,
    );
  assert.deepEqual(owners(), [65534, 65534, 65534, 1]);
  assert.ok(isWhole(outside));
  undo();
  assert.deepEqual(owners(), [0, 0, 0, 1]);
});

test('a file with a second name elsewhere is not given away, nor is the rest then', { skip }, t => {
  const { top, outside } = plant(t);
  linkSync(join(outside, 'file'), join(top, 'inner', 'second'));
  assert.throws(() => chownTree(top, 0, nobody), /second": the file has a second name elsewhere/);
  assert.deepEqual(
    [top, join(top, 'inner', 'file')].map(path => lstatSync(path).uid),
    [0, 0],
  );
  assert.ok(isWhole(outside));
});

test('whoever swaps directories for links while a tree is removed wins nothing', { skip }, async t => {
  const { top, outside } = plant(t);
  const swap = `
import os, sys
top, outside = sys.argv[1:]
while True:
    try:
        os.makedirs(top + "/d", exist_ok=True); os.rename(top + "/d", top + "/e")
        os.symlink(outside, top + "/d"); os.unlink(top + "/d"); os.rename(top + "/e", top + "/d")
    except OSError:
        pass
`;
  const racer = spawn('/usr/bin/python3', ['-c', swap, top, outside], { stdio: 'ignore' });
  const deadline = performance.now() + 1000;
  let rounds = 0;
  while (performance.now() < deadline) {
    try {
      removeTree(top);
    } catch {
      // The removal has lost the race. It may be tried again.
    }
    rounds++;
    if (rounds % 50 === 0) await new Promise(resolve => setImmediate(resolve));
  }
  racer.kill('SIGKILL');
  await new Promise(resolve => racer.on('exit', resolve));
  assert.ok(rounds > 10);
  assert.ok(isWhole(outside));
});
