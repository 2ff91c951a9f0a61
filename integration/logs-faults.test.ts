// Logs when things go wrong around them: hostd is killed while it rotates, or the disk is full.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import {
  logFiles,
  nothingLost,
  sizeOf,
  tallyLog,
  writerCommand,
  writerConfig,
  written,
} from './harness/log-lines.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const inner = 'HOSTD_TEST_NAMESPACE';

function memoryDirectory(t: TestContext): string {
  const directory = mkdtempSync('/dev/shm/hostd-test-');
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function stateOf(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0];
}

function isFrozen(cgroup: string | null): boolean {
  return cgroup !== null && readFileSync(join(cgroup, 'cgroup.events'), 'utf8').includes('frozen 1');
}

interface RunRecord {
  readonly cgroup: string | null;
  readonly process: { readonly pid: number; readonly starttime: number; readonly bootId: string };
}

function recordOf(place: Place): RunRecord {
  const directory = join(place.dir, 'lib/runs');
  const file = readdirSync(directory).find(name => name.startsWith('writer.'));
  return JSON.parse(readFileSync(join(directory, file ?? ''), 'utf8')) as RunRecord;
}

for (const where of ['on a disk', 'on tmpfs'] as const) {
  test(`kill -9 of hostd again and again while it rotates, ${where}: no line is lost or there twice`, async t => {
    const place = makePlace(t);
    const directory = where === 'on tmpfs' ? memoryDirectory(t) : place.directory('logs');
    const log = join(directory, 'writer.log');
    const enough = join(place.dir, 'enough');
    const command = writerCommand(place, {
      writers: 2,
      lines: 100_000,
      batch: 10,
      pause: 0.0007,
      until: enough,
    });
    const limit = 300 * 1024;
    // All of a log is worth keeping that has grown for as long as a busy machine takes for the kills.
    const keys = { stdout_logfile_maxbytes: limit, stdout_logfile_backups: 10_000 };
    const config = writerConfig(log, command, keys);
    let hostd = await startHostd(place, { config });
    // The grid of looks is a second wide: kills are spread over it.
    for (const ms of [960, 1020, 1040, 1060, 1080, 1120, 1200]) {
      await sleep(ms - (Date.now() % 1000));
      await hostd.kill9();
      hostd = await hostd.again();
    }
    const { pid } = await hostd.state('writer', 'RUNNING');
    await until('it not to be stopped', () => stateOf(pid ?? 0) !== 'T');
    writeFileSync(enough, '');
    await hostd.state('writer', 'EXITED');
    // What is too large still is put aside at hostd's next look.
    const rotating = join(directory, '.writer.log.rotating');
    await until('the log to be at rest', () => sizeOf(log) <= limit && !existsSync(rotating));
    t.diagnostic(`${logFiles(log).length} files`);
    const { lost, doubled, torn } = await tallyLog(log, written(enough, 2));
    assert.deepEqual({ lost, doubled, torn }, nothingLost);
    assert.ok(!existsSync(rotating));
  });
}

test('programs that a killed hostd has left stopped go on with the next one', async t => {
  const place = makePlace(t);
  const log = join(place.directory('logs'), 'writer.log');
  const command = writerCommand(place, { lines: 100_000, pause: 0.005 });
  const hostd = await startHostd(place, { config: writerConfig(log, command, {}) });
  await until('some lines', () => sizeOf(log) > 500);
  const { cgroup, process: id } = recordOf(place);
  await hostd.kill9();
  const note = { cgroups: cgroup === null ? [] : [cgroup], processes: [id] };
  writeFileSync(join(place.dir, 'lib/stopped.json'), JSON.stringify(note));
  if (cgroup !== null) writeFileSync(join(cgroup, 'cgroup.freeze'), '1');
  process.kill(id.pid, 'SIGSTOP');
  await until('it to be stopped', () => stateOf(id.pid) === 'T' || isFrozen(cgroup));
  const { size } = statSync(log);
  await hostd.again();
  await until('lines to go on', () => sizeOf(log) > size + 500);
  assert.equal(existsSync(join(place.dir, 'lib/stopped.json')), false);
});

test("a site's access log is rotated while the proxy's worker writes to it", async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account });
  const log = join(app.root, 'logs/nginx-access.log');
  const hostd = await startHostd(place, { apps: [app] });
  await hostd.state('tiny', 'RUNNING');
  for (let n = 0; n < 20; n++) await hostd.get(app.host, `/before-${n}`);
  await until('the lines', () => /before-19 /.test(readFileSync(log, 'utf8')));
  const { code, stdout } = await hostd.hostctl('logs', '--rotate', 'tiny');
  assert.equal(code, 0);
  assert.match(stdout, /put aside \d+ bytes of ".*nginx-access\.log"/);
  for (let n = 0; n < 20; n++) await hostd.get(app.host, `/after-${n}`);
  await until('the lines', () => /after-19 /.test(readFileSync(log, 'utf8')));
  const text = logFiles(log).map(file => readFileSync(file, 'utf8'));
  assert.equal(text.length, 2);
  for (const [n, word] of ['before', 'after'].entries()) {
    const found = [...(text[n] ?? '').matchAll(new RegExp(`/${word}-(\\d+) `, 'g'))].map(match =>
      Number(match[1]),
    );
    assert.deepEqual(
      found,
      Array.from({ length: 20 }, (_, i) => i),
    );
  }
  assert.equal(statSync(`${log}.1`).uid, account.uid);
});

/** Runs this file again with a disk of its own: a small tmpfs that nobody else sees. */
async function inNamespace(t: TestContext): Promise<void> {
  const file = import.meta.filename;
  const env = { ...process.env, [inner]: '1', NODE_TEST_CONTEXT: undefined };
  const args = ['-m', process.execPath, '--test-name-pattern=^disk full', file];
  const child = spawn('unshare', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const [code] = await once(child, 'close');
  t.diagnostic(output.split('\n').find(line => /full|ok/.test(line)) ?? '');
  assert.equal(code, 0, output);
}

async function onFullDisk(t: TestContext): Promise<void> {
  const place = makePlace(t);
  const disk = place.directory('disk');
  const mounted = spawn('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', disk]);
  assert.equal((await once(mounted, 'exit'))[0], 0);
  place.after(async () => {
    await once(spawn('umount', ['-l', disk]), 'exit');
  });
  const log = join(disk, 'writer.log');
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(13 * 1024 * 1024));
  // Its lines wait for the disk: what is lost would be hostd's doing.
  const enough = join(place.dir, 'enough');
  const command = writerCommand(place, { lines: 100_000, batch: 20, pause: 0.003, until: enough });
  const keys = { stdout_logfile_maxbytes: '1500KB', stdout_logfile_backups: 5 };
  const hostd = await startHostd(place, { config: writerConfig(log, command, keys) });
  await until('the disk to be full', () => /no space left for|ENOSPC/.test(hostd.output()));
  // Three of its looks at the log, which are a second apart, say nothing new.
  await sleep(3000);
  const { pid } = await hostd.state('writer', 'RUNNING');
  await until('it not to be stopped', () => stateOf(pid ?? 0) !== 'T');
  const said = (pattern: RegExp) =>
    hostd
      .output()
      .split('\n')
      .filter(line => pattern.test(line)).length;
  assert.ok(said(/no space left for/) <= 1);
  assert.ok(said(/cannot rotate/) <= 1);
  rmSync(ballast);
  await until('the log to be rotated again', () => existsSync(`${log}.1`));
  await until('hostd to say so', () => said(/there is space for|rotates .* again/) > 0);
  writeFileSync(enough, '');
  await hostd.state('writer', 'EXITED');
  assert.equal((await hostd.hostctl('logs', '--rotate', 'writer')).code, 0);
  const { lost, doubled } = await tallyLog(log, written(enough));
  assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 });
  assert.ok(said(/cannot rotate/) <= 1);
}

if (process.env[inner] === undefined) test('a full disk', { skip: needsRoot }, inNamespace);
else test('disk full: programs go on, hostd says so once, and recovers by itself', onFullDisk);
