// With real files: an app (here: nobody) owns a directory, and root opens what is below it.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { HostdError } from '../errors.ts';
import {
  as,
  makeDirectory,
  openDirectory,
  openForAppending,
  openForReading,
  openThroughLinks,
} from './paths.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root';
const app = { uid: 65534, gid: 65534 };
const other = { uid: 65533, gid: 65533 };

/** A directory of root's with a secret in it, beside the app's own directory. */
function scene(t: TestContext): { secret: string; root: string; base: string } {
  process.umask(0o022);
  const base = mkdtempSync('/tmp/hostd-paths-');
  chmodSync(base, 0o755);
  t.after(() => rmSync(base, { recursive: true }));
  const secret = `${base}/secret`;
  writeFileSync(secret, 'secret', { mode: 0o600 });
  const root = `${base}/app`;
  mkdirSync(root);
  chownSync(root, app.uid, app.gid);
  return { secret, root, base };
}

function give(path: string, { uid, gid } = app): string {
  chownSync(path, uid, gid);
  return path;
}

const refused = (work: () => unknown) =>
  assert.throws(work, error => error instanceof HostdError && error.code === 'permission');

test('a log is made with its directories, as the app’s own, and appended to', { skip }, t => {
  const { root } = scene(t);
  const path = `${root}/var/log/app.log`;
  for (const text of ['one\n', 'two\n']) {
    const fd = openForAppending(path, app);
    writeSync(fd, text);
    closeSync(fd);
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  for (const made of [path, `${root}/var`, `${root}/var/log`]) assert.equal(statSync(made).uid, app.uid);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a link is followed nowhere that an app may write, also when it leads to the app’s own file', {
  skip,
}, t => {
  const { root, secret } = scene(t);
  writeFileSync(`${root}/own`, '');
  give(`${root}/own`);
  for (const target of [secret, 'own', 'missing', '/proc/self/fd/0', 'loop']) {
    const link = `${root}/${target === 'loop' ? 'loop' : 'link'}`;
    symlinkSync(target, link);
    refused(() => openForAppending(link, app));
    refused(() => openForReading(link, app));
    rmSync(link);
  }
  symlinkSync('..', `${root}/up`);
  refused(() => openForAppending(`${root}/up/secret`, app));
  refused(() => openDirectory(`${root}/up`));
  assert.equal(readFileSync(secret, 'utf8'), 'secret');
});

test('a link of root’s is followed, in a directory that is root’s alone', { skip }, t => {
  const { root, base } = scene(t);
  symlinkSync('app', `${base}/current`);
  symlinkSync(`${base}/current`, `${base}/absolute`);
  for (const way of ['current', 'absolute']) {
    const fd = openDirectory(`${base}/${way}`);
    assert.equal(fstatSync(fd).ino, statSync(root).ino);
    closeSync(fd);
  }
  chmodSync(base, 0o777);
  refused(() => openDirectory(`${base}/current`));
});

test('a directory of root’s that an app has moved lends its links no trust', { skip }, t => {
  const { root, base } = scene(t);
  mkdirSync(`${root}/made-by-root`);
  symlinkSync(base, `${root}/made-by-root/logs`);
  as(app, () => renameSync(`${root}/made-by-root`, `${root}/var`));
  refused(() => openDirectory(`${root}/var/logs`));
});

test('a file is read by way of root’s links, as certbot lays them, and never by way of an app’s', {
  skip,
}, t => {
  const { secret, root, base } = scene(t);
  mkdirSync(`${base}/live`);
  symlinkSync('../secret', `${base}/live/key`);
  symlinkSync('live/key', `${base}/current`);
  for (const path of [secret, `${base}/live/key`, `${base}/current`]) {
    const fd = openThroughLinks(path, app);
    assert.equal(readFileSync(fd, 'utf8'), 'secret', path);
    closeSync(fd);
  }
  symlinkSync(secret, `${root}/key`);
  refused(() => openThroughLinks(`${root}/key`, app));
  mkdirSync(`${root}/roots`);
  symlinkSync(secret, `${root}/roots/key`);
  // The app can replace this directory.
  refused(() => openThroughLinks(`${root}/roots/key`, app));
  symlinkSync('loop', `${base}/loop`);
  assert.throws(() => openThroughLinks(`${base}/loop`, app), /too many symbolic links/);
});

test('a file with two names, or that is none, is not used', { skip }, t => {
  const { root } = scene(t);
  writeFileSync(`${root}/own`, '');
  linkSync(give(`${root}/own`), `${root}/twice`);
  mkdirSync(`${root}/directory`);
  for (const name of ['own', 'twice', 'directory']) {
    refused(() => openForAppending(`${root}/${name}`, app));
    refused(() => openForReading(`${root}/${name}`, app));
  }
});

test('root helps out with a log that root has made, but not with a third user’s file', { skip }, t => {
  const { root } = scene(t);
  writeFileSync(`${root}/log`, '', { mode: 0o600 });
  closeSync(openForAppending(`${root}/log`, app));
  give(`${root}/log`, other);
  refused(() => openForAppending(`${root}/log`, app));
  refused(() => openForReading(`${root}/log`, app));
});

test('the rights of root are back after each action, also after one that failed', { skip }, t => {
  const { secret } = scene(t);
  assert.throws(() => as(app, () => readFileSync(secret)), { code: 'EACCES' });
  assert.equal(readFileSync(secret, 'utf8'), 'secret');
});

test('a directory is made with the app’s rights alone', { skip }, t => {
  const { root, base } = scene(t);
  assert.throws(() => makeDirectory(`${base}/new/deep`, app, 0o755), { code: 'EACCES' });
  const fd = makeDirectory(`${root}/new/deep`, app, 0o750);
  closeSync(fd);
  assert.deepEqual(
    [lstatSync(`${root}/new/deep`).uid, lstatSync(`${root}/new/deep`).mode & 0o777],
    [app.uid, 0o750],
  );
});

test('a path that is not absolute, or leads through a file, is refused in words', t => {
  const base = mkdtempSync('/tmp/hostd-paths-');
  t.after(() => rmSync(base, { recursive: true }));
  writeFileSync(`${base}/file`, '');
  assert.throws(() => openDirectory('relative'), /cannot open "relative": not an absolute path/);
  assert.throws(() => openDirectory(`${base}/file/x`), /file": not a directory/);
  assert.throws(() => openDirectory(`${base}/missing`), { code: 'ENOENT' });
});
