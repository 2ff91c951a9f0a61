// What a run leaves where no cgroup holds it: it is looked for until nothing is found any more.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { identify, withEnvironment } from '../src/linux/procfs.ts';
import { killStrays } from '../src/linux/strays.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

/** Outside the run: whenever its child has ended, a new one begins. argv: MARKER TIMES. */
const reviver = `import os, subprocess, sys
name, value = sys.argv[1].split("=", 1)
for _ in range(int(sys.argv[2])):
    subprocess.run(["/bin/sleep", "1000"], env={**os.environ, name: value})
`;

test('a stray that comes while others are being killed is killed, too', async t => {
  const place = makePlace(t);
  const marker = `HOSTD_RUN=stray.${place.dir.slice(-6)}`;
  const child = spawn('/usr/bin/python3', ['-c', reviver, marker, '2'], {
    env: { PATH: '/usr/bin:/bin', ...place.env },
    stdio: 'ignore',
  });
  const ended = new Promise(resolve => child.on('exit', resolve));
  const first = await until('the first stray', () => withEnvironment(marker)[0]);
  const origin = identify(first);
  assert.ok(origin);
  const killed = new Promise<void>(resolve => killStrays({ process: origin, marker }, resolve));
  // The event loop stands still until the second one is there: whoever looks again finds it.
  const deadline = performance.now() + 20_000;
  while (!withEnvironment(marker).some(pid => pid !== first)) assert.ok(performance.now() < deadline);
  await killed;
  assert.deepEqual(withEnvironment(marker), []);
  await ended;
  assert.equal(child.exitCode, 0);
});
