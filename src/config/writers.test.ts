import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { formatProblem } from '../model/problem.ts';
import { richMachine } from './fixture.test.ts';
import { load } from './load.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root';

/** A good hostd.toml with an app in apps.d/. The result loads them again, as a running hostd does. */
function stage(t: TestContext) {
  const top = mkdtempSync(join(tmpdir(), 'hostd-writers-'));
  t.after(() => rmSync(top, { recursive: true }));
  const directory = join(top, 'etc');
  const main = join(directory, 'hostd.toml');
  const app = join(directory, 'apps.d', 'shop.toml');
  mkdirSync(join(directory, 'apps.d'), { recursive: true, mode: 0o755 });
  writeFileSync(main, '', { mode: 0o644 });
  writeFileSync(app, '[app.shop]\nroot = "/webapps/shop"\n', { mode: 0o644 });
  const incumbents = load(main, { machine: richMachine }).host;
  assert.deepEqual(
    incumbents.apps.map(({ name }) => name),
    ['shop'],
  );
  const again = (machine: typeof richMachine | null = richMachine) => {
    const loaded = load(main, { machine, incumbents });
    const source = incumbents.apps[0]?.source ?? { file: '', key: [] };
    const said = loaded.problems.map(problem => formatProblem(problem).replaceAll(top, ''));
    return { said, apps: loaded.host.apps.length, isKept: loaded.broken.has(source), broken: loaded.broken };
  };
  return { top, directory, main, app, again };
}

const refused = (place: string, what: string, path: string) =>
  `${place}: everybody can write ${what}, and so choose what root starts\n  try: chown root: ${path} && chmod go-w ${path}`;

test('an app’s file that everybody can write is not used, and the app stays as it was', t => {
  const { app, again } = stage(t);
  chmodSync(app, 0o666);
  const { said, apps, isKept, broken } = again();
  assert.deepEqual(said, [refused('/etc/apps.d/shop.toml', 'this file', '/etc/apps.d/shop.toml')]);
  assert.deepEqual([apps, isKept, broken.settings], [0, true, false]);
});

test('nothing is used of an apps.d that everybody can write, sticky or not', t => {
  const { directory, again } = stage(t);
  for (const mode of [0o777, 0o1777]) {
    chmodSync(join(directory, 'apps.d'), mode);
    const { said, apps, isKept, broken } = again();
    assert.deepEqual(said, [refused('/etc/apps.d', 'this directory', '/etc/apps.d')], mode.toString(8));
    assert.deepEqual([apps, isKept, broken.settings], [0, true, false]);
  }
});

test('hostd.toml that everybody can write, or put another in the place of, is not used', t => {
  const { top, directory, main, again } = stage(t);
  chmodSync(main, 0o646);
  assert.deepEqual(again().said, [refused('/etc/hostd.toml', 'this file', '/etc/hostd.toml')]);
  assert.ok(again().broken.settings);
  chmodSync(main, 0o644);
  for (const [path, mode] of [
    [directory, 0o757],
    [top, 0o777],
  ] as const) {
    chmodSync(path, mode);
    const { said, broken, isKept } = again();
    const name = path === top ? '' : '/etc';
    assert.deepEqual(said, [refused('/etc/hostd.toml', `"${name}"`, name)]);
    assert.deepEqual([broken.settings, isKept], [true, true]);
    chmodSync(path, 0o755);
  }
  // Sticky, as /tmp: nobody can remove root's directory there.
  chmodSync(top, 0o1777);
  assert.deepEqual(again().said, []);
});

test('what a link leads to is looked at, too', t => {
  const { top, app, again } = stage(t);
  const elsewhere = join(top, 'elsewhere');
  mkdirSync(elsewhere);
  renameSync(app, join(elsewhere, 'shop.toml'));
  symlinkSync(join(elsewhere, 'shop.toml'), app);
  assert.deepEqual(again().said, []);
  chmodSync(elsewhere, 0o777);
  const { said, isKept } = again();
  assert.deepEqual(said, [refused('/etc/apps.d/shop.toml', '"/elsewhere"', '/elsewhere')]);
  assert.ok(isKept);
});

test('a file or a directory of another user, or of a group, is used with a warning', {
  skip: needsRoot,
}, t => {
  const { directory, app, again } = stage(t);
  chownSync(app, 65534, 65534);
  chownSync(join(directory, 'apps.d'), 0, 65534);
  chmodSync(join(directory, 'apps.d'), 0o775);
  const { said, apps } = again();
  assert.equal(apps, 1);
  assert.deepEqual(
    said.map(line => line.split('\n')[0]),
    [
      '/etc/apps.d/shop.toml: warning: its owner, uid 65534, can write this file, and so choose what root starts',
      '/etc/apps.d: warning: its group can write this directory, and so choose what root starts',
    ],
  );
});

test('an apps.d that cannot be looked into leaves its apps as they were', t => {
  const { directory, again } = stage(t);
  renameSync(join(directory, 'apps.d'), join(directory, 'away'));
  writeFileSync(join(directory, 'apps.d'), '');
  const { said, apps, isKept } = again();
  assert.match(said.join(), /^\/etc\/apps\.d: cannot look into this directory/);
  assert.deepEqual([apps, isKept], [0, true]);
});

test('what is mounted read-only nobody can write, whatever its mode, as a volume of a container', {
  skip: needsRoot,
}, t => {
  const { directory, again } = stage(t);
  const apps = join(directory, 'apps.d');
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=0777', 'none', apps]).status !== 0)
    return t.skip('cannot mount here');
  try {
    writeFileSync(join(apps, 'shop.toml'), '[app.shop]\nroot = "/webapps/shop"\n', { mode: 0o644 });
    chmodSync(join(apps, 'shop.toml'), 0o666);
    assert.equal(again().apps, 0);
    spawnSync('mount', ['-o', 'remount,ro', apps]);
    assert.deepEqual([again().apps, again().said], [1, []]);
  } finally {
    spawnSync('umount', [apps]);
  }
});

test('a FIFO among the files is said, and not waited for', { skip: needsRoot }, t => {
  const { app, again } = stage(t);
  rmSync(app);
  execFileSync('mkfifo', [app]);
  assert.match(again().said.join(), /shop\.toml: cannot read this file: it is not a regular file/);
});
