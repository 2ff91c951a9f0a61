import assert from 'node:assert/strict';
import { chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { realAlias } from './alias.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root';
const app = process.geteuid?.() === 0 ? 65534 : (process.geteuid?.() ?? 0);

/** base/ is root's; base/app is the app's. */
function scene(t: TestContext): string {
  process.umask(0o022);
  const base = mkdtempSync('/tmp/hostd-alias-');
  t.after(() => rmSync(base, { recursive: true }));
  for (const path of ['app', 'app/releases', 'app/releases/1', 'other']) mkdirSync(`${base}/${path}`);
  for (const path of ['app', 'app/releases', 'app/releases/1']) chownSync(`${base}/${path}`, app, -1);
  return base;
}

function link(target: string, path: string, owner = app): void {
  symlinkSync(target, path);
  lchownSync(path, owner, owner);
}

test('a directory is itself, a missing one is nowhere', t => {
  const base = scene(t);
  assert.equal(realAlias(`${base}/app/releases/`), `${base}/app/releases/`);
  assert.equal(realAlias(`${base}/app/releases/../`), `${base}/app/`);
  assert.equal(realAlias(`${base}/missing/`), null);
  assert.equal(realAlias('/'), '/');
});

test('an app’s link leads to what is the app’s own, and nowhere else', { skip }, t => {
  const base = scene(t);
  link('releases/1', `${base}/app/static`);
  link('static', `${base}/app/twice`);
  assert.equal(realAlias(`${base}/app/static/`), `${base}/app/releases/1/`);
  assert.equal(realAlias(`${base}/app/twice/`), `${base}/app/releases/1/`);
  for (const target of ['../other', `${base}/other`, '/', '/etc', 'loop']) {
    link(target, `${base}/app/loop`);
    assert.equal(realAlias(`${base}/app/loop/`), null, target);
    rmSync(`${base}/app/loop`);
  }
});

test('a link of root’s among an app’s files counts as the app’s, which could have moved it there', {
  skip,
}, t => {
  const base = scene(t);
  link('../other', `${base}/app/static`, 0);
  assert.equal(realAlias(`${base}/app/static/`), null);
});

test('a link in a directory of root’s leads anywhere', { skip }, t => {
  const base = scene(t);
  link('other', `${base}/way`, 0);
  assert.equal(realAlias(`${base}/way/`), `${base}/other/`);
  // Each link on the way is judged by the directory that it is in.
  link('app/static', `${base}/through`, 0);
  link('../other', `${base}/app/static`);
  assert.equal(realAlias(`${base}/through/`), null);
});

test('each link on the way has to be of the owner of what it leads to: one that fits is not enough', {
  skip,
}, t => {
  const base = scene(t);
  const third = 65533;
  mkdirSync(`${base}/third`);
  chownSync(`${base}/third`, third, -1);
  link(`${base}/app/releases/1`, `${base}/third/way`, third);
  link(`${base}/third/way`, `${base}/app/static`);
  assert.equal(realAlias(`${base}/app/static/`), null);
});
