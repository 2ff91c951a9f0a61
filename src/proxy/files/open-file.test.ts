import assert from 'node:assert/strict';
import {
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { openBelow } from './open-file.ts';

let directory = '';

before(() => {
  directory = mkdtempSync(`${tmpdir()}/open-file-`);
});

after(() => rmSync(directory, { recursive: true }));

function kindOf(alias: string, path: string): string {
  const opened = openBelow(alias, path);
  if (opened.kind === 'file') closeSync(opened.fd);
  return opened.kind;
}

test('an alias that is a link is followed to where it leads now, as after a deployment', () => {
  for (const release of ['1', '2']) {
    mkdirSync(`${directory}/releases/${release}`, { recursive: true });
    writeFileSync(`${directory}/releases/${release}/f${release}.txt`, release);
  }
  symlinkSync('releases/1', `${directory}/static`);
  const alias = `${directory}/static/`;
  assert.equal(kindOf(alias, 'f1.txt'), 'file');
  symlinkSync('releases/2', `${directory}/next`);
  renameSync(`${directory}/next`, `${directory}/static`);
  assert.equal(kindOf(alias, 'f2.txt'), 'file');
  assert.equal(kindOf(alias, 'f1.txt'), 'refused');
});

test('a directory of somebody else’s in the place of the one that a link led to is not served', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, () => {
  const owner = 12_345;
  const target = `${directory}/target`;
  const app = `${directory}/app`;
  mkdirSync(target);
  mkdirSync(app);
  writeFileSync(`${target}/f.txt`, 'mine');
  chownSync(target, owner, owner);
  chownSync(app, owner, owner);
  symlinkSync('../target', `${app}/static`);
  assert.equal(kindOf(`${app}/static/`, 'f.txt'), 'file');
  rmSync(target, { recursive: true });
  mkdirSync(target);
  writeFileSync(`${target}/f.txt`, 'somebody else’s');
  chownSync(target, owner + 1, owner + 1);
  assert.equal(kindOf(`${app}/static/`, 'f.txt'), 'refused');
  unlinkSync(`${app}/static`);
});

test('what lies too deep for the kernel to name it is refused, and thrown by nobody', () => {
  const name = 'd'.repeat(200);
  const here = process.cwd();
  try {
    process.chdir(directory);
    for (let i = 0; i < 22; i++) {
      mkdirSync(name);
      process.chdir(name);
    }
    writeFileSync('f.txt', 'deep');
    symlinkSync('.', `${directory}/root`);
    const half = Array.from({ length: 11 }, () => name).join('/');
    symlinkSync(half, `${directory}/half`);
    assert.equal(kindOf(`${directory}/root/`, `half/${half}/f.txt`), 'refused');
  } finally {
    process.chdir(here);
  }
});
