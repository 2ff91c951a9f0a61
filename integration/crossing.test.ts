// Commands that cross each other: the last word wins, and each command says what has really come of it.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace, type Place } from './harness/place.ts';
import { childrenOf, look, marked } from './harness/processes.ts';
import { until } from './harness/until.ts';

/** Two apps; the first one's code waits while it is held, and then fails if it is broken. */
async function twoApps(t: TestContext) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const slow = await tinyApp(place, { account, name: 'slow', keys: { stopwaitsecs: 2 } });
  const other = await tinyApp(place, { account, name: 'other' });
  const hostd = await startHostd(place, { apps: [slow, other] });
  const file = (name: string) => `${slow.root}/${name}`;
  const wsgi = `${slow.root}/slow/slow/wsgi.py`;
  writeFileSync(
    wsgi,
    `import os, time
# On its trial it is as it should be; reload-trial.test.ts has the other way round.
tried = "HOSTD_TRIAL" in os.environ
if not tried and os.path.exists("${file('hold')}"):
    open("${file('loading')}", "w").close()
    while os.path.exists("${file('hold')}"):
        time.sleep(0.02)
if not tried and os.path.exists("${file('broken')}"):
    raise RuntimeError("no database today")
${readFileSync(wsgi, 'utf8')}`,
  );
  return {
    place,
    slow,
    other,
    hostd,
    /** Begins a reload that hangs until \`release\`. */
    async reload() {
      writeFileSync(file('hold'), '');
      rmSync(file('loading'), { force: true });
      const ended = hostd.hostctl('reload', 'slow');
      await until('the new code to be loading', () => existsSync(file('loading')));
      return { ended };
    },
    release: () => rmSync(file('hold')),
    breakIt: () => writeFileSync(file('broken'), ''),
    runs: () => runsOf(place, 'slow'),
  };
}

/** The numbers of the program's runs that have processes. */
function runsOf(place: Place, name: string): string[] {
  const found = marked(place.mark).flatMap(({ pid }) => {
    try {
      const text = readFileSync(`/proc/${pid}/environ`, 'latin1');
      return new RegExp(`(?:^|\0)HOSTD_RUN=${name}\\.(\\d+)\\.`).exec(text)?.[1] ?? [];
    } catch {
      return [];
    }
  });
  return [...new Set(found)].sort();
}

const records = (place: Place) =>
  readdirSync(`${place.dir}/lib/runs`).filter(name => name.startsWith('slow.'));

async function pidOf(hostd: Hostd, name: string): Promise<number | null | undefined> {
  return (await hostd.status()).find(program => program.name === name)?.pid;
}

test('a restart during a reload: one run is left, and the reload says what became of it', async t => {
  const { place, hostd, slow, reload, release, runs } = await twoApps(t);
  const load = startLoad({ to: { port: hostd.port }, host: slow.host, clients: 2 });
  const { ended: reloading } = await reload();
  assert.deepEqual(runs(), ['1', '2']);
  assert.equal(records(place).length, 2);
  const restarting = hostd.hostctl('restart', 'slow');
  const { code, stderr } = await reloading;
  assert.equal(code, 1);
  assert.match(stderr, /slow: cannot reload: it was restarted meanwhile/);
  release();
  assert.deepEqual(await restarting.then(({ code, stdout }) => [code, stdout]), [0, 'slow: restarted\n']);
  await until('the one before to be gone', () => runs().join() === '3');
  assert.deepEqual(records(place), ['slow.3.json']);
  assert.equal((await hostd.get(slow.host)).status, 200);
  assert.equal((await load.stop()).refused, 0);
});

test('a stop during a reload ends both generations, whether the new code would load or not', async t => {
  const { place, hostd, slow, reload, release, breakIt, runs } = await twoApps(t);
  for (const isBroken of [false, true]) {
    if (isBroken) breakIt();
    const { ended: reloading } = await reload();
    const stopped = await hostd.hostctl('stop', 'slow');
    assert.deepEqual([stopped.code, stopped.stdout], [0, 'slow: stopped\n']);
    assert.deepEqual(runs(), [], 'nothing is left when stop returns');
    assert.equal(existsSync(slow.socket), false);
    const { code, stderr } = await reloading;
    assert.equal(code, 1);
    assert.match(stderr, /slow: cannot reload: it was stopped meanwhile/);
    release();
    assert.equal((await hostd.state('slow', 'STOPPED')).pid, null);
    assert.deepEqual(records(place), []);
    if (!isBroken) assert.equal((await hostd.hostctl('start', 'slow')).code, 0);
  }
});

test('an old gunicorn that dies while a reload loads is there again when that fails', async t => {
  const { hostd, slow, reload, release, breakIt } = await twoApps(t);
  breakIt();
  const { ended: reloading } = await reload();
  const pid = (await pidOf(hostd, 'slow')) ?? 0;
  process.kill(pid, 'SIGKILL');
  await until('hostd to know', () => /exited: slow/.test(hostd.output()));
  rmSync(`${slow.root}/broken`);
  // What has been loaded already fails all the same.
  writeFileSync(`${slow.root}/broken`, '');
  release();
  const { code, stderr } = await reloading;
  assert.equal(code, 1);
  assert.match(stderr, /no database today/);
  assert.match(stderr, /the old one had ended too, and is started again/);
  rmSync(`${slow.root}/broken`);
  await hostd.state('slow', 'RUNNING');
  assert.equal((await hostd.get(slow.host)).status, 200);
});

test('two reloads at once: the second one begins when the first is done, and both are true', async t => {
  const { hostd, reload, release, runs } = await twoApps(t);
  const { ended: first } = await reload();
  const second = hostd.hostctl('reload', 'slow');
  const third = hostd.hostctl('reload', 'slow');
  release();
  const all = await Promise.all([first, second, third]);
  assert.deepEqual(
    all.map(({ code, stdout }) => [code, stdout]),
    Array(3).fill([0, 'slow: reloaded\n']),
  );
  assert.equal(runs().length, 1);
});

test('while an app hangs in its reload, everything else goes on: updates, maintenance, other reloads, starts', async t => {
  const { place, hostd, other, reload, release } = await twoApps(t);
  const { ended: reloading } = await reload();
  const file = `${place.dir}/etc/apps.d/other.toml`;
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace(/^workers = .*\n/m, '')
      .replace(/(\[app\.other\]\n)/, '$1workers = 2\n'),
  );
  const update = await hostd.hostctl('update');
  assert.equal(update.code, 0, update.stderr);
  assert.match(update.stdout, /other: updated/);
  assert.equal((await hostd.hostctl('maintenance', 'other', 'on')).code, 0);
  assert.equal((await hostd.get(other.host)).status, 503);
  assert.equal((await hostd.hostctl('maintenance', 'other', 'off')).code, 0);
  assert.equal((await hostd.hostctl('reload', 'other')).stdout, 'other: reloaded\n');
  assert.equal((await hostd.hostctl('restart', 'other')).stdout, 'other: restarted\n');
  release();
  assert.equal((await reloading).stdout, 'slow: reloaded\n');
});

test('a scaling and another command at once: the later word counts, and each says what has come of it', async t => {
  const { hostd, reload, release, runs } = await twoApps(t);
  const workers = async () => childrenOf((await pidOf(hostd, 'slow')) ?? 0).length;
  const scale = (number: number) => hostd.hostctl('scale', 'slow', `${number}`, '--yes');
  const { ended: reloading } = await reload();
  const duringReload = scale(3);
  await until('the old one to be scaled', async () => (await workers()) === 3);
  release();
  assert.equal((await reloading).stdout, 'slow: reloaded\n');
  assert.deepEqual(await duringReload.then(({ code, stdout }) => [code, stdout]), [
    0,
    'slow: 3 workers (1 before), until its next start\n',
  ]);
  assert.deepEqual([runs(), await workers()], [['2'], 3]);

  // So many that it takes a while.
  const many = scale(999);
  await until('it to be growing', async () => (await workers()) > 5);
  const few = await scale(2);
  assert.equal(few.code, 0, few.stderr);
  assert.match((await many).stderr, /slow: cannot scale: it was scaled to another number meanwhile/);
  assert.equal(await workers(), 2);

  for (const word of ['restart', 'stop'] as const) {
    const overtaken = scale(999);
    await until('it to be growing', async () => (await workers()) > 5);
    assert.equal((await hostd.hostctl(word, 'slow')).code, 0);
    const { code, stderr } = await overtaken;
    assert.equal(code, 1);
    assert.match(stderr, word === 'stop' ? /it was stopped meanwhile/ : /it was restarted meanwhile/);
    if (word === 'restart') await until('as many as configured', async () => (await workers()) === 1);
  }
  assert.deepEqual(runs(), []);
  assert.match((await scale(2)).stderr, /slow: not running/);
  assert.match((await hostd.hostctl('stop', 'slow')).stdout, /slow: not running/);
  await hostd.hostctl('start', 'slow');
  assert.match((await scale(1)).stdout, /slow: 1 worker \(1 before\)/);
});

/** A program that takes its time to end, until `obey` is called. */
async function slowToEnd(t: TestContext) {
  const place = makePlace(t);
  const script = `trap 'touch ${place.dir}/told; while [ ! -e ${place.dir}/obey ]; do sleep 0.05; done; exit 0' TERM
echo $0 $1 >> ${place.dir}/started
while :; do sleep 0.05; done`;
  place.write('slow.sh', script);
  const table = (word: string) => ({
    slow: { command: `sh ${place.dir}/slow.sh ${word}`, environment: place.env, stopwaitsecs: 50 },
  });
  const hostd = await startHostd(place, {
    config: { proxy: { enabled: false }, program: table('old') },
  });
  await hostd.state('slow', 'RUNNING');
  const text = readFileSync(hostd.config, 'utf8');
  writeFileSync(hostd.config, text.replace('slow.sh old', 'slow.sh new'));
  return {
    place,
    hostd,
    update: () => hostd.hostctl('update'),
    told: () => until('it to be told', () => existsSync(`${place.dir}/told`)),
    obey: () => writeFileSync(`${place.dir}/obey`, ''),
    started: () =>
      readFileSync(`${place.dir}/started`, 'utf8')
        .trim()
        .split('\n')
        .map(line => line.split(' ').at(-1)),
  };
}

test("a start during an update's stop: the new one is started, once, and both commands end", async t => {
  const { hostd, update, told, obey, started } = await slowToEnd(t);
  const updating = update();
  await told();
  const start = hostd.hostctl('start', 'slow');
  await until('hostd to wait', async () => (await hostd.status()).some(({ state }) => state === 'STOPPING'));
  obey();
  const [first, second] = await Promise.all([updating, start]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /slow: updated/);
  assert.equal(second.code, 0, second.stderr);
  await hostd.state('slow', 'RUNNING');
  assert.deepEqual(started(), ['old', 'new']);
});

test("a stop during an update's stop: it stays stopped, and both commands end", async t => {
  const { hostd, update, told, obey, started } = await slowToEnd(t);
  const updating = update();
  await told();
  const stop = hostd.hostctl('stop', 'slow');
  await until('hostd to note it', () =>
    existsSync(`${hostd.config.replace(/\/etc\/.*$/, '')}/lib/stopped/slow`),
  );
  obey();
  const [first, second] = await Promise.all([updating, stop]);
  assert.match(first.stdout, /slow: updated/);
  assert.equal(second.code, 0);
  assert.equal((await hostd.state('slow', 'STOPPED')).pid, null);
  assert.deepEqual(started(), ['old']);
  assert.equal((await hostd.hostctl('start', 'slow')).code, 0);
  assert.deepEqual(started(), ['old', 'new']);
});

test('a start during a stop: the stop says that it came to nothing', async t => {
  const { hostd, told, obey } = await slowToEnd(t);
  const stop = hostd.hostctl('stop', 'slow');
  await told();
  const start = hostd.hostctl('start', 'slow');
  const { code, stderr } = await stop;
  assert.equal(code, 1);
  assert.match(stderr, /slow: was started again before it had stopped/);
  obey();
  assert.deepEqual(await start.then(({ code, stdout }) => [code, stdout]), [0, 'slow: started\n']);
});

test('whoever asks for a start while hostd ends is told so, and nothing outlives it', async t => {
  const place = makePlace(t);
  place.write(
    'slow.sh',
    `trap 'while [ ! -e ${place.dir}/obey ]; do sleep 0.05; done; exit 0' TERM
touch ${place.dir}/up
while :; do sleep 0.05; done`,
  );
  const table = (command: string) => ({ command, environment: place.env, startsecs: 0, stopwaitsecs: 50 });
  const hostd = await startHostd(place, {
    config: {
      proxy: { enabled: false },
      program: { slow: table(`sh ${place.dir}/slow.sh`), quick: table('sleep 1234') },
    },
  });
  await hostd.state('quick', 'RUNNING');
  await until('it to know what to do at its end', () => existsSync(`${place.dir}/up`));
  const shutdown = hostd.hostctl('shutdown');
  await hostd.state('quick', 'STOPPED');
  for (const word of ['start', 'restart']) {
    const { code, stderr } = await hostd.hostctl(word, 'quick');
    assert.equal(code, 1);
    assert.match(stderr, /quick: was stopped before it was running/);
  }
  writeFileSync(
    hostd.config,
    `${readFileSync(hostd.config, 'utf8')}\n[program.new]\ncommand = "sleep 4321"\n`,
  );
  await hostd.hostctl('update');
  assert.match((await hostd.hostctl('upgrade')).stderr, /cannot upgrade: hostd is ending/);
  writeFileSync(`${place.dir}/obey`, '');
  assert.equal((await shutdown).code, 0);
  await until('hostd to end', () => look(hostd.pid) === null);
  assert.deepEqual(
    marked(place.mark).map(({ command }) => command),
    [],
  );
});

test('reread and update --dry-run change nothing on disk, not even the note of a good certificate', async t => {
  const { place, hostd, obey } = await slowToEnd(t);
  obey();
  const state = () =>
    readdirSync(`${place.dir}/lib`, { recursive: true, encoding: 'utf8' })
      .sort()
      .map(name => [name, statSync(`${place.dir}/lib/${name}`).mtimeMs]);
  const before = state();
  const { stdout } = await hostd.hostctl('update', '--dry-run');
  assert.match(stdout, /slow: changed/);
  assert.equal((await hostd.hostctl('reread')).code, 0);
  assert.deepEqual(state(), before);
});

test('SIGTERM while an update starts programs: what it had not started yet is not started any more', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, { config: { proxy: { enabled: false } } });
  const environment = Object.entries(place.env).map(([key, value]) => `${key} = "${value}"`);
  const program = (name: string, keys: string) =>
    `\n[program.${name}]\ncommand = "sleep 1000"\nenvironment = { ${environment.join(', ')} }\n${keys}\n`;
  const text = readFileSync(hostd.config, 'utf8');
  writeFileSync(
    hostd.config,
    text + program('first', 'priority = 1\nstartsecs = 100') + program('later', 'priority = 2'),
  );
  const update = hostd.hostctl('update');
  await hostd.state('first', 'STARTING');
  await hostd.stop();
  await update;
  assert.deepEqual(marked(place.mark), []);
  assert.doesNotMatch(hostd.output(), /spawned: 'later'/);
});
