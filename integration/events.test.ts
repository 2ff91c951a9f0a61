// What hostctl events tells of what has happened, and why: for root, for operators and for nobody else; over the death of hostd, and of
// a disk that has no room.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import type { JournalEvent } from '../src/protocol/journal.ts';
import { groupOf, isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { testInOwnMounts } from './harness/own-mounts.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { makePemBetween } from './proxy/pem.ts';

async function eventsOf(hostd: Hostd, ...args: readonly string[]): Promise<JournalEvent[]> {
  const { stdout, stderr, code } = await hostd.hostctl('events', '--json', ...args);
  assert.equal(code, 0, stderr);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as JournalEvent);
}

const words = (events: readonly JournalEvent[]) => events.map(({ kind, cause }) => `${kind}: ${cause}`);

/** Waits for an event that is like this. */
function eventLike(hostd: Hostd, name: string, pattern: RegExp): Promise<JournalEvent> {
  return until(
    `an event of ${name} like ${pattern}`,
    async () => (await eventsOf(hostd, name)).find(({ kind, cause }) => pattern.test(`${kind}: ${cause}`)),
    { timeout: 20_000, every: 200 },
  );
}

test('every change has its cause: a crash, a command and who gave it, a reload and its refusal, files, maintenance', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const one = await tinyApp(place, { name: 'one', account });
  const hostd = await startHostd(place, {
    apps: [one],
    config: { program: { failing: { command: '/bin/false', startretries: 1, user: account.name } } },
  });
  const me = self().name;
  const follower = spawn(`${checkout}/bin/hostctl`, ['events', '-f', '-n', '0', 'one'], {
    env: { ...place.env, PATH: process.env['PATH'], HOSTD_SOCKET: hostd.socket },
  });
  let followed = '';
  follower.stdout.on('data', chunk => (followed += chunk));
  const { pid } = await hostd.state('one', 'RUNNING');
  await until('the follower to be there', async () => {
    // Its beginning cannot be seen: something happens until it tells of it.
    await hostd.hostctl('signal', 'WINCH', 'one');
    return followed.includes('signalled');
  });

  process.kill(pid ?? 0, 'SIGKILL');
  const exited = await eventLike(hostd, 'one', /^exited: ended by SIGKILL/);
  assert.ok(exited.kind === 'exited' && exited.signal === 'SIGKILL' && exited.pid === pid);
  await eventLike(hostd, 'failing', /^fatal: exited too quickly \(exit status 1\)/);
  await hostd.state('one', 'RUNNING');

  assert.equal((await hostd.hostctl('reload', 'one')).code, 0);
  await eventLike(hostd, 'one', new RegExp(`^reloaded: reload, by ${me}`));
  const wsgi = `${one.root}/one/one/wsgi.py`;
  const good = readFileSync(wsgi, 'utf8');
  writeFileSync(wsgi, 'X = (\n');
  assert.equal((await hostd.hostctl('reload', 'one')).code, 1);
  assert.match((await eventLike(hostd, 'one', /^reload-refused/)).cause, /exited too quickly/);
  writeFileSync(wsgi, good);

  await hostd.hostctl('restart', 'one');
  const asked = words(await eventsOf(hostd, 'one')).filter(word => word.endsWith(`restart, by ${me}`));
  assert.deepEqual(
    asked.map(word => word.split(':')[0]),
    ['stopping', 'stopped', 'starting'],
  );
  await hostd.hostctl('maintenance', 'one', 'on');
  await eventLike(hostd, 'one', new RegExp(`^maintenance: on, by ${me}`));
  await hostd.hostctl('scale', 'one', '2');
  await eventLike(hostd, 'one', new RegExp(`^scaled: scale, by ${me}: \\d+ workers before, 2 now`));

  place.write('etc/apps.d/one.toml', '[app.one]\nrooot = "/x"\n');
  await hostd.hostctl('update');
  await eventLike(hostd, 'one', /^config-problem: .*one\.toml:2:1: .*rooot/);

  // The same by text, in local time, and for one who has been reading on all the while.
  const text = (await hostd.hostctl('events', 'one', '-n', '1')).stdout;
  assert.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}one +configuration .*one\.toml:2:1/);
  assert.equal(text.split('\n').length, 2);
  await until('the follower to have it all', () => /configuration .*one\.toml:2:1/.test(followed));
  assert.match(followed, /EXITED +ended by SIGKILL\n/);
  assert.match(followed, /STOPPING +restart, by /);
  // One page has it all, and a pipe only the line that scripts read.
  const line = await hostd.hostctl('status', 'one');
  assert.match(line.stdout, /^one +RUNNING +pid \d+.*\n$/);
  const page = await hostd.hostctl('status', 'one', '--full');
  assert.equal(page.code, 0);
  assert.match(page.stdout, /^one +RUNNING[^\n]*\n\n {2}File +.*one\.toml\n/);
  assert.match(page.stdout, new RegExp(`Socket +${one.socket}\n`));
  assert.match(page.stdout, /Processes +\d+ .*gunicorn/);
  assert.match(page.stdout, /Events \(hostctl events one\)\n[\s\S]*configuration .*one\.toml/);
  assert.match(page.stdout, /Log \(hostctl logs one\)\n {2}.*gunicorn|Log \(hostctl logs one\)\n {2}\[/);
  const two = await hostd.hostctl('status', 'one', 'failing', '--full');
  assert.equal(two.code, 2);

  const over = new Promise(resolve => follower.on('close', resolve));
  follower.kill('SIGINT');
  assert.equal(await over, 0);
  assert.deepEqual(await eventsOf(hostd, 'one', '--since', '2099-01-01'), []);
  const unknown = await hostd.hostctl('events', 'nobody');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /cannot find "nobody"/);
  // A name is a name, whatever is in it.
  const forged = await hostd.hostctl('events', 'x\n{"seq":1}');
  assert.equal(forged.code, 1);
  assert.ok(!readFileSync(`${place.dir}/lib/events.jsonl`, 'utf8').includes('nobody'));
});

test('a hostd that is killed is missed by the next one, which counts on; an end and an upgrade say who asked', async t => {
  const place = makePlace(t);
  const config = { proxy: { enabled: false }, program: { one: { command: '/bin/sleep 100000' } } };
  const hostd = await startHostd(place, { config });
  await eventLike(hostd, 'hostd', /^hostd-started/);
  const [last] = (await eventsOf(hostd)).slice(-1);
  await hostd.kill9();
  // What a kill in the middle of a write leaves.
  appendFileSync(`${place.dir}/lib/events.jsonl`, '{"seq":99999,"time":"20');
  const next = await hostd.again();
  const died = await eventLike(next, 'hostd', /^hostd-died: it ended without a word/);
  assert.equal(died.seq, (last?.seq ?? 0) + 1);
  assert.ok(died.cause.includes(`pid ${hostd.pid}`));
  assert.equal((await next.hostctl('upgrade')).code, 0);
  await eventLike(next, 'hostd', new RegExp(`^hostd-upgraded: upgrade, by ${self().name}`));
  await until(
    'the upgraded one',
    async () => (await eventsOf(next, 'hostd')).at(-1)?.kind === 'hostd-started',
  );
  assert.equal(await next.stop(), 0);
  const third = await next.again();
  const all = await eventsOf(third);
  const own = all.filter(({ name }) => name === 'hostd').map(({ kind }) => kind);
  assert.deepEqual(own, [
    'hostd-started',
    'hostd-died',
    'hostd-started',
    'hostd-upgraded',
    'hostd-started',
    'hostd-ended',
    'hostd-started',
  ]);
  assert.ok(words(all).includes('hostd-ended: SIGTERM'));
  assert.ok(words(all).includes('stopping: SIGTERM'));
  assert.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, at) => at + 1),
  );
});

test('operators see events; another local user sees neither them nor their file', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a: operator, b: stranger } = await testAccounts();
  const hostd = await startHostd(place, {
    config: {
      proxy: { enabled: false },
      control: { group: groupOf(operator) },
      program: { one: { command: '/bin/sleep 100000' } },
    },
  });
  await hostd.state('one', 'RUNNING');
  const as = (account: typeof operator, gid: number) =>
    run([`${checkout}/bin/hostctl`, 'events'], {
      as: { ...account, gid },
      env: { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'], ...place.env },
    });
  assert.match((await as(operator, operator.gid)).stdout, /one +RUNNING/);
  const other = await as(stranger, 65_534);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /permission denied/);
  const path = `${place.dir}/lib/events.jsonl`;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const read = await run(['cat', path], { as: { ...stranger, gid: 65_534 } });
  assert.notEqual(read.code, 0);
  assert.equal(read.stdout, '');
});

test('a certificate near its end, its renewal, and one that cannot be used', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const keys = place.directory('keys');
  const day = 86_400_000;
  const make = (name: string, days: number) =>
    makePemBetween(keys, name, [Date.now() - day, Date.now() + days * day], 'one.test');
  const live = make('live', 10);
  const one = await tinyApp(place, {
    name: 'one',
    account,
    keys: { certificate: live.certificate, certificate_key: live.key },
  });
  const hostd = await startHostd(place, {
    apps: [one],
    config: { proxy: { tls_listen: [`127.0.0.1:${await freePort()}`] } },
  });
  const ends = await eventLike(hostd, 'one', /^certificate-ends: its certificate ends in 9 days/);
  assert.equal(ends.kind === 'certificate-ends' && ends.days, 14);
  const renewed = make('new', 80);
  writeFileSync(live.key, readFileSync(renewed.key));
  writeFileSync(live.certificate, readFileSync(renewed.certificate));
  await eventLike(hostd, 'one', /^certificate-renewed: valid until 2/);
  writeFileSync(live.certificate, 'nonsense');
  await eventLike(hostd, 'one', /^certificate-refused: .*no PEM certificate.*the one before serves on/);
});

testInOwnMounts(
  import.meta.url,
  'no room for events: everything goes on, hostd says it once, and what is lost is counted when there is room',
  async t => {
    const place = makePlace(t);
    const state = place.directory('lib');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=711', 'none', state]);
    place.after(() => void execFileSync('umount', ['-l', state]));
    const config = { proxy: { enabled: false }, program: { one: { command: '/bin/sleep 100000' } } };
    const hostd = await startHostd(place, { config });
    await hostd.state('one', 'RUNNING');
    try {
      writeFileSync(`${state}/fill`, Buffer.alloc(2 << 20));
    } catch {
      // It is full now.
    }
    const follower = spawn(`${checkout}/bin/hostctl`, ['events', '-f', '-n', '0'], {
      env: { ...place.env, PATH: process.env['PATH'], HOSTD_SOCKET: hostd.socket },
    });
    let followed = '';
    follower.stdout.on('data', chunk => (followed += chunk));
    // Until the page at the file's end is full, too; who follows is told all the same.
    await until('the trouble to be said', async () => {
      for (let n = 0; n < 4; n++) await hostd.hostctl('signal', 'CONT', 'one');
      await hostd.hostctl('update');
      return /disk full +cannot write .*events\.jsonl/.test(followed);
    });
    assert.equal(hostd.output().split(/cannot write [^,]*events\.jsonl/).length, 2, 'once in the log');
    const { stderr } = await hostd.hostctl('status');
    assert.match(
      stderr,
      /^hostctl: \[hostd\]: state_dir ".*": its file system is full\n {2}try: hostctl doctor\n/,
    );
    await until('the disk to be told', () => /disk low +\[hostd\]: state_dir/.test(followed));
    rmSync(`${state}/fill`);
    await until('room', async () => {
      await hostd.hostctl('update');
      return (await eventsOf(hostd)).some(({ kind }) => kind === 'disk-free');
    });
    assert.equal((await hostd.hostctl('status')).stderr, '');
    await until('room to be told', () => followed.includes('disk good'));
    follower.kill();
  },
);
