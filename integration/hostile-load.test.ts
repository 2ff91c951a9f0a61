// One app gives hostd as much to do as it can, with files, directories, processes and words of its own: hostd's main thread has time
// for everybody else, and what goes wrong is that app's alone.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { sizeOf, writerCommand, writerConfig } from './harness/log-lines.ts';
import { answersSoon, share } from './harness/main-thread.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

const skip = needsRoot;

test('ten thousand false backups are neither compressed nor looked through again and again', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const directory = place.directory('app/logs');
  chownSync(directory, a.uid, a.gid);
  const log = join(directory, 'writer.log');
  const command = writerCommand(place, { lines: 100_000, pause: 0.005 });
  const hostd = await startHostd(place, {
    config: writerConfig(log, command, { user: a.name, stdout_logfile_backups: 4 }),
  });
  await until('some lines', () => sizeOf(log) > 1000);
  const make = 'import os\nfor n in range(2, 10000): open(f"writer.log.{n}", "w").write("x" * 100)';
  execFileSync('/usr/bin/python3', ['-c', make], { cwd: directory, uid: a.uid, gid: a.gid });
  assert.equal((await hostd.hostctl('logs', '--rotate', 'writer')).code, 0);
  const busy = await share(hostd, 2000);
  assert.ok(busy < 0.5, `the main thread is busy for ${busy} of the time`);
  await answersSoon(hostd);
  await until('those that are kept to be compressed', () => sizeOf(`${log}.4.gz`) > 0);
  const zipped = readdirSync(directory).filter(name => name.endsWith('.gz'));
  assert.deepEqual(zipped.sort(), ['writer.log.2.gz', 'writer.log.3.gz', 'writer.log.4.gz']);
});
