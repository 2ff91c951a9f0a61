// Logs of real programs that hold them open: rotation loses no line, whatever the file system and whoever dies.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../scripts/run.ts';
import { startHostd } from './harness/hostd.ts';
import {
  follow,
  logFiles,
  nothingLost,
  readLog,
  sizeOf,
  tally,
  tallyLog,
  totalSize,
  writerCommand,
  writerConfig,
  written,
} from './harness/log-lines.ts';
import { makePlace } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';

const logrotate = findProgram('logrotate') ?? 'logrotate';

function needsLogrotate(): string | false {
  return existsSync(logrotate) ? false : 'needs logrotate: apt-get install logrotate';
}

/** A directory on tmpfs, where no range can be collapsed. */
function memoryDirectory(t: TestContext): string {
  const directory = mkdtempSync('/dev/shm/hostd-test-');
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const fileSystems = {
  'on a disk': (t: TestContext) => {
    const place = makePlace(t);
    return { place, directory: place.directory('logs') };
  },
  'on tmpfs': (t: TestContext) => ({ place: makePlace(t), directory: memoryDirectory(t) }),
} as const;

for (const [where, make] of Object.entries(fileSystems)) {
  test(`two writers, ${where}: no line is lost, doubled or torn, each backup has whole lines`, async t => {
    const { place, directory } = make(t);
    const log = join(directory, 'writer.log');
    const enough = join(place.dir, 'enough');
    const command = writerCommand(place, { writers: 2, lines: 60_000, pause: 0.00005, until: enough });
    const config = writerConfig(log, command, { stdout_logfile_maxbytes: '500KB' });
    const hostd = await startHostd(place, { config });
    await until('it to be rotated', () => logFiles(log).length > 3);
    writeFileSync(enough, '');
    await hostd.state('writer', 'EXITED');
    const { lost, doubled, torn, tornFiles } = await tallyLog(log, written(enough, 2));
    t.diagnostic(`${logFiles(log).length} files: ${logFiles(log).map(sizeOf).join(' ')}`);
    assert.deepEqual({ lost, doubled, torn }, nothingLost);
    assert.deepEqual(tornFiles, []);
    assert.equal(statSync(`${log}.1`).mode & 0o777, statSync(log).mode & 0o777);
    assert.deepEqual(
      readdirSync(directory).filter(name => name.startsWith('.')),
      [],
    );
    assert.doesNotMatch(hostd.output(), /cannot rotate/);
    assert.ok(readLog(`${log}.2.gz`).length > 0 && !existsSync(`${log}.2`));
  });
}

test('long lines, seldom with their end where a file can be cut: each backup has whole lines', async t => {
  const { place, directory } = fileSystems['on a disk'](t);
  const log = join(directory, 'writer.log');
  const enough = join(place.dir, 'enough');
  const command = writerCommand(place, {
    writers: 2,
    lines: 5000,
    length: 1000,
    pause: 0.0005,
    until: enough,
  });
  const config = writerConfig(log, command, { stdout_logfile_maxbytes: '1200KB' });
  const hostd = await startHostd(place, { config });
  await until('it to be rotated', () => logFiles(log).length > 2);
  writeFileSync(enough, '');
  await hostd.state('writer', 'EXITED');
  const { lost, doubled, torn, tornFiles } = await tallyLog(log, written(enough, 2));
  assert.deepEqual({ lost, doubled, torn, tornFiles }, { ...nothingLost, tornFiles: [] });
});

test('hostctl logs -f goes on through rotation, without a line lost or twice', async t => {
  for (const [where, make] of Object.entries(fileSystems)) {
    const { place, directory } = make(t);
    const log = join(directory, 'writer.log');
    const enough = join(place.dir, 'enough');
    const writers = { writers: 2, lines: 30_000, pause: 0.0001, until: enough };
    const hostd = await startHostd(place, {
      config: writerConfig(log, writerCommand(place, writers), {
        autostart: false,
        stdout_logfile_maxbytes: '200KB',
      }),
    });
    writeFileSync(log, '');
    const follower = follow(place, hostd, 'writer');
    await hostd.hostctl('start', 'writer');
    await until('it to be rotated', () => logFiles(log).length > 3);
    writeFileSync(enough, '');
    await hostd.state('writer', 'EXITED');
    await until('the follower to have everything', () => follower.text().length === totalSize(log));
    await follower.stop();
    const { lost, doubled, torn } = tally(follower.text(), written(enough, 2));
    assert.deepEqual({ lost, doubled, torn }, nothingLost, where);
    await hostd.stop();
  }
});

test('a follower that reads slowly gets what was rotated away meanwhile', async t => {
  const { place, directory } = fileSystems['on a disk'](t);
  const log = join(directory, 'writer.log');
  const enough = join(place.dir, 'enough');
  const command = writerCommand(place, { lines: 100_000, batch: 100, pause: 0.003, until: enough });
  const hostd = await startHostd(place, {
    config: writerConfig(log, command, { autostart: false, stdout_logfile_maxbytes: '1MB' }),
  });
  writeFileSync(log, '');
  const follower = follow(place, hostd, 'writer');
  follower.pause();
  await hostd.hostctl('start', 'writer');
  await until('it to be rotated', () => logFiles(log).length > 2);
  writeFileSync(enough, '');
  await hostd.state('writer', 'EXITED');
  follower.resume();
  await until('the follower to have everything', () => follower.text().length === totalSize(log));
  await follower.stop();
  const { lost, doubled, torn } = tally(follower.text(), written(enough));
  assert.deepEqual({ lost, doubled, torn }, nothingLost);
});

test('a log is put aside at its age, whole, and an empty one is not', async t => {
  const place = makePlace(t);
  const log = join(place.directory('logs'), 'writer.log');
  const enough = join(place.dir, 'enough');
  const hostd = await startHostd(place, {
    config: writerConfig(log, writerCommand(place, { lines: 12, pause: 0.5, until: enough }), {
      stdout_logfile_maxage: '2s',
    }),
  });
  await until('two backups', () => logFiles(log).length >= 3);
  writeFileSync(enough, '');
  await hostd.state('writer', 'EXITED');
  const { lost, doubled, torn, tornFiles } = await tallyLog(log, written(enough));
  assert.deepEqual({ lost, doubled, torn }, nothingLost);
  assert.deepEqual(tornFiles, []);
  assert.equal(existsSync(`${log}.9`), false);
});

test('hostctl logs --rotate puts everything aside at once, also of a program that does not run', async t => {
  const place = makePlace(t);
  const log = join(place.directory('logs'), 'writer.log');
  const hostd = await startHostd(place, {
    config: writerConfig(log, writerCommand(place, { lines: 3000, pause: 0.001 }), {}),
  });
  await until('some lines', () => sizeOf(log) > 20_000);
  const first = await hostd.hostctl('logs', '--rotate', 'writer');
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^writer: put aside \d+ bytes of "/m);
  assert.ok(sizeOf(`${log}.1`) >= 20_000);
  await hostd.state('writer', 'EXITED');
  const { code } = await hostd.hostctl('logs', '--rotate', 'writer');
  assert.equal(code, 0);
  assert.equal(sizeOf(log), 0);
  const again = await hostd.hostctl('logs', '--rotate', 'writer');
  assert.match(again.stdout, /^writer: ".*" is empty$/m);
  const { lost, doubled, torn } = await tallyLog(log, 3000);
  assert.deepEqual({ lost, doubled, torn }, nothingLost);
  const shown = await hostd.hostctl('logs', '-n', '2', 'writer');
  assert.match(shown.stdout, /^a 00002998 x+\na 00002999 x+\n$/);
  assert.equal((await hostd.hostctl('logs', '--rotate', 'nobody')).code, 1);
});

test('backups beyond those to be kept go, and with none nothing is kept', async t => {
  for (const backups of [2, 0]) {
    const place = makePlace(t);
    const log = join(place.directory('logs'), 'writer.log');
    const config = writerConfig(log, writerCommand(place, { lines: 200 }), {
      stdout_logfile_backups: backups,
    });
    const hostd = await startHostd(place, { config });
    await hostd.state('writer', 'EXITED');
    for (let round = 0; round < 4; round++) {
      assert.equal((await hostd.hostctl('logs', '--rotate', 'writer')).code, 0);
      await hostd.hostctl('start', 'writer');
      await hostd.state('writer', 'EXITED');
    }
    assert.equal(logFiles(log).length, backups + 1);
    await hostd.stop();
  }
});

test("a file that was renamed gets its name back, by command and by SIGUSR1; a program's lines go on under it", async t => {
  const place = makePlace(t);
  const log = join(place.directory('logs'), 'writer.log');
  const enough = join(place.dir, 'enough');
  const hostd = await startHostd(place, {
    config: writerConfig(log, writerCommand(place, { lines: 2000, pause: 0.001, until: enough }), {}),
  });
  const follower = follow(place, hostd, 'writer');
  await until('some lines', () => sizeOf(log) > 20_000 && follower.text() !== '');
  renameSync(log, `${log}.1`);
  writeFileSync(log, '');
  const { code, stdout, stderr } = await hostd.hostctl('logs', '--reopen');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^writer: reopened ".*", \d+ bytes stay where they were moved to$/m);
  await until('lines under the old name', () => sizeOf(log) > 20_000);
  renameSync(log, `${log}.moved`);
  process.kill(hostd.pid, 'SIGUSR1');
  await until('lines under the old name', () => sizeOf(log) > 0);
  writeFileSync(enough, '');
  await hostd.state('writer', 'EXITED');
  const text = [`${log}.1`, `${log}.moved`, log].map(readLog).join('');
  const { lost, doubled, torn } = tally(text, written(enough));
  assert.deepEqual({ lost, doubled, torn }, nothingLost);
  await until('the follower to have everything', () => follower.text().length === text.length);
  await follower.stop();
  assert.equal(follower.text(), text);
});

test('logrotate, as the manual has it, loses no line', { skip: needsLogrotate() }, async t => {
  const place = makePlace(t);
  const log = join(place.directory('logs'), 'writer.log');
  const enough = join(place.dir, 'enough');
  const hostd = await startHostd(place, {
    config: writerConfig(log, writerCommand(place, { lines: 2000, pause: 0.001, until: enough }), {
      stdout_logfile_maxbytes: 0,
    }),
  });
  const hostctl = join(import.meta.dirname, '../bin/hostctl');
  const configuration = place.write(
    'logrotate.conf',
    `${log} {\n  size 1\n  rotate 20\n  missingok\n  notifempty\n  compress\n  sharedscripts\n  postrotate\n    ${hostctl} --socket ${hostd.socket} logs --reopen\n  endscript\n}\n`,
  );
  for (let round = 1; round <= 3; round++) {
    await until('some lines', () => sizeOf(log) > 40_000);
    const ran = await run([logrotate, '-s', join(place.dir, 'logrotate.status'), configuration]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.ok(existsSync(`${log}.${round}.gz`));
  }
  writeFileSync(enough, '');
  await hostd.state('writer', 'EXITED');
  const { lost, doubled, torn } = await tallyLog(log, written(enough));
  assert.deepEqual({ lost, doubled, torn }, nothingLost);
});
