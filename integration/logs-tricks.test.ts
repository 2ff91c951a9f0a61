// What an app can do to its own log, its backups and their directory: root follows, writes, removes and waits for nothing
// that is not the app's own, and hostd goes on.

import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../scripts/run.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { sizeOf, writerCommand, writerConfig } from './harness/log-lines.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

interface Stage {
  readonly place: Place;
  readonly hostd: Hostd;
  /** Belongs to the app, as does everything in it. */
  readonly directory: string;
  readonly log: string;
  /** A file and a directory of root's. */
  readonly victim: string;
  readonly victims: string;
  readonly uid: number;
}

const secret = 'a file of root\n';

/** An app that writes a line now and then, in a directory of its own; `victim` must be as it was when the test ends. */
async function stage(t: TestContext): Promise<Stage> {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const directory = place.directory('app/logs');
  for (const path of [join(place.dir, 'app'), directory]) chownSync(path, a.uid, a.gid);
  const victim = place.write('root/victim', secret, 0o600);
  const victims = place.directory('root/victims', 0o755);
  writeFileSync(join(victims, 'writer.log'), secret.repeat(100));
  writeFileSync(join(victims, 'writer.log.1'), secret);
  const log = join(directory, 'writer.log');
  const command = writerCommand(place, { lines: 100_000, pause: 0.005 });
  const config = writerConfig(log, command, { user: a.name, stdout_logfile_backups: 3 });
  const hostd = await startHostd(place, { config });
  await until('some lines', () => sizeOf(log) > 5000);
  place.after(() => {
    assert.equal(readFileSync(victim, 'utf8'), secret);
    assert.equal(statSync(victim).mode & 0o7777, 0o600);
    assert.equal(statSync(victim).uid, 0);
    assert.deepEqual(readdirSync(victims).sort(), ['writer.log', 'writer.log.1']);
    assert.equal(readFileSync(join(victims, 'writer.log'), 'utf8'), secret.repeat(100));
  });
  return { place, hostd, directory, log, victim, victims, uid: a.uid };
}

async function answersSoon(hostd: Hostd): Promise<void> {
  const [program] = await hostd.status();
  assert.equal(program?.state, 'RUNNING');
}

type Trick = (stage: Stage, path: string) => unknown;

const inPlaceOfFile: Readonly<Record<string, Trick>> = {
  'a symbolic link': ({ victim }, path) => symlinkSync(victim, path),
  'a hard link': ({ victim }, path) => linkSync(victim, path),
  'a FIFO': (_, path) => run(['mkfifo', '-m', '666', path]),
  'a device': (_, path) => run(['mknod', '-m', '666', path, 'c', '1', '5']),
  'a directory': (_, path) => mkdirSync(join(path, 'full'), { recursive: true }),
};

for (const [what, trick] of Object.entries(inPlaceOfFile)) {
  test(`${what} in place of the log is left alone`, { skip: needsRoot }, async t => {
    const scene = await stage(t);
    const { hostd, log, directory } = scene;
    renameSync(log, `${log}.away`);
    await trick(scene, log);
    const before = lstatSync(log);
    const { code, stderr } = await hostd.hostctl('logs', '--rotate', 'writer');
    assert.equal(code, 1);
    assert.match(stderr, /cannot rotate ".*writer\.log"/);
    assert.equal((await hostd.hostctl('logs', '--reopen', 'writer')).code, 1);
    assert.equal(lstatSync(log).ino, before.ino);
    assert.deepEqual(readdirSync(directory).sort(), ['writer.log', 'writer.log.away']);
    await answersSoon(hostd);
  });

  test(`${what} in place of a backup harms nobody`, { skip: needsRoot }, async t => {
    const scene = await stage(t);
    const { hostd, log, directory } = scene;
    for (const index of [1, 2]) await trick(scene, `${log}.${index}`);
    for (let round = 0; round < 2; round++) {
      await until('some lines', () => sizeOf(log) > 1000);
      await hostd.hostctl('logs', '--rotate', 'writer');
    }
    // All places are taken by what cannot be removed: then nothing is lost either. A busy machine may have the command say that its
    // writer could not be stopped in time.
    if (what !== 'a directory')
      await until('a backup with lines', async () => {
        if (sizeOf(`${log}.1`) > 0) return true;
        await hostd.hostctl('logs', '--rotate', 'writer');
        return false;
      });
    await until(
      'nothing unfinished to be left',
      () => !/rotating|packing/.test(readdirSync(directory).join()),
    );
    await answersSoon(hostd);
  });

  test(`${what} where hostd puts what is unfinished is not used`, { skip: needsRoot }, async t => {
    const scene = await stage(t);
    const { hostd, log, directory, uid } = scene;
    for (const name of ['.writer.log.rotating', '.writer.log.packing'])
      await trick(scene, join(directory, name));
    for (let round = 0; round < 3; round++) {
      await until('some lines', () => sizeOf(log) > 1000);
      const { code, stderr } = await hostd.hostctl('logs', '--rotate', 'writer');
      assert.equal(code, what === 'a directory' ? 1 : 0, stderr);
    }
    await answersSoon(hostd);
    for (const name of readdirSync(directory).filter(
      file => /log(\.\d.*)?$/.test(file) && !file.startsWith('.'),
    ))
      assert.equal(lstatSync(join(directory, name)).uid, uid, name);
  });
}

test("a link in place of the logs' directory leads root nowhere", { skip: needsRoot }, async t => {
  const { hostd, directory, victims } = await stage(t);
  renameSync(directory, `${directory}.away`);
  symlinkSync(victims, directory);
  const { code, stderr } = await hostd.hostctl('logs', '--rotate', 'writer');
  assert.equal(code, 1);
  assert.match(stderr, /a symbolic link where an app may write/);
  await answersSoon(hostd);
});

test('another file of that name is not rotated in its place', { skip: needsRoot }, async t => {
  const { hostd, log, uid } = await stage(t);
  renameSync(log, `${log}.away`);
  writeFileSync(log, 'not what hostd has opened\n');
  chownSync(log, uid, uid);
  const { code, stderr } = await hostd.hostctl('logs', '--rotate', 'writer');
  assert.equal(code, 1);
  assert.match(stderr, /another file has its name/);
  assert.equal(readFileSync(log, 'utf8'), 'not what hostd has opened\n');
});

test('a sparse log of a terabyte costs neither the disk nor time', { skip: needsRoot }, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const directory = place.directory('app/logs');
  chownSync(directory, a.uid, a.gid);
  const log = join(directory, 'writer.log');
  const command = writerCommand(place, { lines: 100_000, pause: 0.005 });
  const keys = { user: a.name, stdout_logfile_maxbytes: '10MB', stdout_logfile_backups: 3 };
  const hostd = await startHostd(place, { config: writerConfig(log, command, keys) });
  await until('some lines', () => sizeOf(log) > 500);
  truncateSync(log, 2 ** 40);
  await until('it to be put aside', () => existsSync(`${log}.1`) && sizeOf(log) < 2 ** 30);
  const begun = performance.now();
  await answersSoon(hostd);
  assert.ok(performance.now() - begun < 30_000);
  const blocks = readdirSync(directory).reduce(
    (sum, name) => sum + statSync(join(directory, name)).blocks,
    0,
  );
  assert.ok(blocks * 512 < 50 * 1024 * 1024, `${blocks * 512} bytes on the disk`);
  assert.ok(sizeOf(`${log}.1`) <= 41 * 1024 * 1024);
  await until('lines go on', () => sizeOf(log) > 500 && readFileSync(log).includes('a 0000'));
});

test('an app that removes its log and its directory is not missed', { skip: needsRoot }, async t => {
  const { hostd, directory } = await stage(t);
  rmSync(directory, { recursive: true });
  for (const what of ['--rotate', '--reopen'])
    assert.equal((await hostd.hostctl('logs', what, 'writer')).code, 1);
  assert.equal(existsSync(directory), false);
  await answersSoon(hostd);
});
