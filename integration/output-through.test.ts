// Output that passes through hostd: nothing of it is lost when hostd dies, it rotates as Supervisor's does, and who writes without
// end holds up nobody.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

test('what a program writes through hostd outlives hostd, and a program that is held up goes on', async t => {
  const place = makePlace(t);
  const count = `i=0; while true; do i=$((i+1)); echo "line $i of a log that is to have every line"; [ $((i %% 50)) = 0 ] && sleep 0.01; done`;
  const hostd = await startHostd(place, {
    config: { proxy: { enabled: false } },
    files: {
      'p.toml': `
[program.counter]
command = ["/bin/bash", "-c", '${count}']
stdout_logfile = "${place.dir}/counter.log"
stdout_logfile_maxbytes = 0
stdout_events_enabled = true
startsecs = 0
user = "nobody"

[program.plain]
command = ["/bin/sh", "-c", "echo out; echo err >&2; exec sleep 1000"]
stdout_syslog = true
stdout_logfile = "${place.dir}/plain.log"
startsecs = 0
`,
    },
  });
  const { pid } = await hostd.state('counter', 'RUNNING');
  const log = `${place.dir}/counter.log`;
  await until('lines in the log', () => existsSync(log) && statSync(log).size > 20_000);
  assert.equal(readFileSync(`${place.dir}/plain.log`, 'utf8'), 'out\n');
  // The FIFO is its user's own: it may close it to others.
  for (const name of readdirSync(`${place.dir}/run/pipes`)) chmodSync(`${place.dir}/run/pipes/${name}`, 0);
  await hostd.kill9();
  const before = statSync(log).size;
  const again = await hostd.again();
  await until('more lines', () => statSync(log).size > before + 100_000);
  const { pid: same } = await again.state('counter', 'RUNNING');
  assert.equal(same, pid);
  const stopped = await again.hostctl('stop', 'counter');
  assert.equal(stopped.code, 0, stopped.stderr);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  for (const [index, line] of lines.entries())
    assert.equal(line, `line ${index + 1} of a log that is to have every line`);
  assert.deepEqual(
    readdirSync(`${place.dir}/run/pipes`).filter(name => name.startsWith('counter')),
    [],
  );
});

test('a log that hostd writes rotates as it does under Supervisor, and who writes without end holds up nobody', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, {
    config: { proxy: { enabled: false } },
    files: {
      'p.toml': `
[program.flood]
command = ["/usr/bin/yes", "0123456789012345678901234567890123456789"]
stdout_logfile = "${place.dir}/flood.log"
stdout_logfile_maxbytes = "1MB"
stdout_logfile_backups = 2
stdout_events_enabled = true
startsecs = 0

[program.other]
command = ["/bin/cat"]
startsecs = 0
`,
    },
  });
  await until('the second backup', () => existsSync(`${place.dir}/flood.log.2`));
  assert.equal((await hostd.hostctl('logs', '--rotate', 'flood')).code, 0);
  await until(
    'a backup for its size',
    () => (statSync(`${place.dir}/flood.log.2`, { throwIfNoEntry: false })?.size ?? 0) >= 2 ** 20,
  );
  const begin = performance.now();
  for (let i = 0; i < 3; i++) assert.equal((await hostd.hostctl('restart', 'other')).code, 0);
  t.diagnostic(`three restarts beside it took ${Math.round(performance.now() - begin)} ms`);
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${hostd.pid}/status`, 'utf8'))?.[1]);
  assert.ok(memory < 200_000, `hostd has ${memory} kB`);
  assert.equal((await hostd.hostctl('stop', 'flood')).code, 0);
  for (const name of ['flood.log.1', 'flood.log.2']) {
    const { size } = statSync(`${place.dir}/${name}`);
    assert.ok(size >= 2 ** 20 && size < 2 ** 20 + 65_536, `${name} has ${size} bytes`);
  }
  assert.ok(!existsSync(`${place.dir}/flood.log.3`));
});

test("a log that is hostd's own output gets there, and who reads it slowly holds up the program alone", async t => {
  const place = makePlace(t);
  const program = (name: string, command: string, log: string) => `
[program.${name}]
command = ${command}
stdout_logfile = "${log}"
stderr_logfile = "NONE"
startsecs = 0
`;
  const talk = (words: string) => `["/bin/sh", "-c", "echo ${words}; exec sleep 1000"]`;
  const files = {
    'p.toml': `${program('one', talk('to standard output'), '/dev/stdout')}${program('two', talk('to standard error'), '/dev/fd/2')}`,
  };
  const config = { proxy: { enabled: false } };
  const hostd = await startHostd(place, { config, files });
  await until(
    'both lines',
    () => /^to standard output$/m.test(hostd.output()) && /^to standard error$/m.test(hostd.output()),
  );
  assert.equal(await hostd.stop(), 0);

  const slow = makePlace(t);
  const reader = 'exec "$0" "$@" > >(sleep 4; exec cat >/dev/null)';
  const flooded = await startHostd(slow, {
    config,
    files: {
      'p.toml':
        program('flood', '["/usr/bin/yes"]', '/dev/stdout') + program('other', '["/bin/cat"]', 'AUTO'),
    },
    under: ['/bin/bash', '-c', reader],
  });
  assert.equal((await flooded.hostctl('restart', 'other')).code, 0);
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${flooded.pid}/status`, 'utf8'))?.[1]);
  assert.ok(memory < 200_000, `hostd has ${memory} kB`);
  assert.equal((await flooded.hostctl('stop', 'flood')).code, 0);
  assert.equal(await flooded.stop(), 0);
  // Whoever reads so slowly is asleep still.
  slow.expectLeftovers(true);
});
