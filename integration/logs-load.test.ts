// What logs cost: when a program writes as fast as it can, and when nothing happens at all.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHostd } from './harness/hostd.ts';
import { sizeOf, writerConfig } from './harness/log-lines.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

/** GET /v1/status without a process for it. */
function answerOf(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get({ socketPath, path: '/v1/status' }, answer => answer.resume().on('end', resolve));
    asked.on('error', reject);
  });
}

test('a program that writes 100 MB a second is kept near its limit, and hostd answers', async t => {
  const place = makePlace(t);
  const log = join(place.directory('logs'), 'writer.log');
  const script = place.write(
    'flood.py',
    `import os, time
line = b'x' * 99 + b'\\n'
begun = time.monotonic()
for n in range(800):
    # hostd may be late on a busy machine, but not for ever.
    while os.fstat(1).st_size > 300 * 1024 * 1024: time.sleep(0.01)
    os.write(1, line * 10485)
    time.sleep(max(0, begun + n / 100 - time.monotonic()))
`,
  );
  const command = `/usr/bin/python3 ${script}`;
  const limit = 20 * 1024 * 1024;
  const config = writerConfig(log, command, { stdout_logfile_maxbytes: limit, stdout_logfile_backups: 2 });
  const hostd = await startHostd(place, { config });
  const begun = performance.now();
  let [largest, slowest, looks] = [0, 0, 0];
  const watching = setInterval(() => (largest = Math.max(largest, sizeOf(log))), 20);
  t.after(() => clearInterval(watching));
  while ((await hostd.status())[0]?.state !== 'EXITED' && performance.now() - begun < 60_000) {
    const before = performance.now();
    await answerOf(hostd.socket);
    slowest = Math.max(slowest, performance.now() - before);
    looks += 1;
  }
  const seconds = (performance.now() - begun) / 1000;
  t.diagnostic(
    `800 MB in at most ${seconds.toFixed(1)} s; largest ${largest >> 20} MB; slowest of ${looks} answers ${slowest.toFixed()} ms`,
  );
  // A look a second, and a second for the copy on a slow machine.
  assert.ok(largest > limit && largest < 305 * 1024 * 1024, `${largest}`);
  assert.ok(slowest < 5000, `${slowest}`);
  await until('it to be put aside', () => sizeOf(log) < limit + 1024 * 1024);
  assert.doesNotMatch(hostd.output(), /cannot rotate/);
});

test('an idle hostd does not wake up for its logs', async t => {
  const place = makePlace(t);
  const directory = place.directory('logs');
  const program: Record<string, Record<string, string | boolean>> = {};
  for (let n = 0; n < 20; n++)
    program[`quiet${n}`] = { command: '/bin/sleep 1000', stdout_logfile: join(directory, `${n}.log`) };
  const hostd = await startHostd(place, { config: { proxy: { enabled: false }, program } });
  for (const name of Object.keys(program)) await hostd.state(name, 'RUNNING');
  const wakeUps = () =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${hostd.pid}/status`, 'utf8'))?.[1]);
  const counts: number[] = [];
  await until('it to have nothing left to do', () => {
    counts.push(wakeUps());
    return counts.length > 20 && counts.at(-1) === counts.at(-21);
  });
  const before = wakeUps();
  await sleep(3000);
  const during = wakeUps() - before;
  t.diagnostic(`${during} wake-ups of the main thread in 3 s with 20 programs`);
  assert.ok(during <= 6, `${during} wake-ups`);
});
