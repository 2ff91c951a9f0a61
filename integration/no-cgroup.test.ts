// After a stop nothing is left: with cgroup v2, without it, and for an ordinary user. Order and speed of many stops.

import assert from 'node:assert/strict';
import { chownSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, needsRoot, testAccounts } from './harness/accounts.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { withoutCgroup2 } from './harness/without-cgroup2.ts';

/** argv: KIND. The first process waits; what it has started besides is told by KIND. */
const escaping = `import os, signal, sys, time
kind = sys.argv[1]
again = [sys.executable, __file__, "wait"]

def leave(env):
    os.setsid()
    os.closerange(0, 256)
    os.execve(sys.executable, again, env)

if kind == "child":
    if os.fork() == 0: os.execve(sys.executable, again, dict(os.environ))
elif kind == "setsid":
    if os.fork() == 0: leave(dict(os.environ))
elif kind == "daemon":
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: leave(dict(os.environ))
        os._exit(0)
    os.wait()
elif kind == "deaf":
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        leave(dict(os.environ))
elif kind == "cleared":
    if os.fork() == 0: leave({})
elif kind == "cleared-grandchild":
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: leave({})
elif kind == "cleared-daemon":
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: leave({})
        os._exit(0)
    os.wait()
time.sleep(1000)
`;

/** How many processes each kind has. */
const kinds = { child: 2, setsid: 2, daemon: 2, deaf: 2, cleared: 2, 'cleared-grandchild': 3 };

/** argv: NAME SECONDS. Writes to the file "times" when it starts, when it is told to stop, and when it ends. */
const timed = `import os, signal, sys, time
name, seconds = sys.argv[1], float(sys.argv[2])

def tell(what):
    with open(os.path.join(os.path.dirname(__file__), "times"), "a") as file:
        file.write(f"{name} {what} {time.monotonic()}\\n")

def stop(number, frame):
    tell("told")
    time.sleep(seconds)
    tell("ended")
    os._exit(0)

signal.signal(signal.SIGTERM, stop)
tell("started")
while True: signal.pause()
`;

interface Way {
  readonly name: string;
  readonly skip: string | false;
  /** What hostd is started under, and as whom its programs run. */
  under(place: Place): Promise<{ under: readonly string[]; user: { user?: string } }>;
}

const asRoot = async () => (isRoot ? { user: (await testAccounts()).a.name } : {});

const ways: readonly Way[] = [
  {
    name: 'with cgroups where there are any',
    skip: false,
    under: async () => ({ under: [], user: await asRoot() }),
  },
  {
    name: 'as root without cgroups',
    skip: needsRoot,
    under: async () => ({ under: withoutCgroup2(), user: await asRoot() }),
  },
  {
    name: 'as an ordinary user',
    skip: needsRoot,
    async under(place) {
      const { a } = await testAccounts();
      chownSync(place.dir, a.uid, a.gid);
      return { under: ['setpriv', `--reuid=${a.uid}`, `--regid=${a.gid}`, '--clear-groups'], user: {} };
    },
  },
];

type Programs = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

async function start(t: TestContext, way: Way, programs: Programs): Promise<{ place: Place; hostd: Hostd }> {
  const place = makePlace(t);
  place.write('escape.py', escaping);
  place.write('timed.py', timed);
  place.write('times', '', 0o666);
  const { under, user } = await way.under(place);
  const program = Object.fromEntries(
    Object.entries(programs).map(([name, { command, ...keys }]) => [
      name,
      { command: `/usr/bin/python3 ${place.dir}/${command}`, startsecs: 0, ...user, ...keys },
    ]),
  );
  return { place, hostd: await startHostd(place, { config: { proxy: { enabled: false }, program }, under }) };
}

function count(place: Place, word: string): number {
  return marked(place.mark).filter(({ command }) => command.includes(word)).length;
}

for (const way of ways) {
  const { name, skip } = way;

  test(`after stop nothing is left, however it has been put aside (${name})`, { skip }, async t => {
    const programs = Object.fromEntries(
      Object.keys(kinds).map(kind => [kind, { command: `escape.py ${kind}`, stopwaitsecs: 2 }]),
    );
    const { place, hostd } = await start(t, way, programs);
    const all = Object.values(kinds).reduce((sum, n) => sum + n, 0);
    await until('every process', () => count(place, 'escape.py') === all);
    // A crash leaves no more than a stop does.
    const { pid } = await hostd.state('daemon', 'RUNNING');
    process.kill(pid ?? 0, 'SIGKILL');
    await until('the next run', async () =>
      (await hostd.status()).some(p => p.name === 'daemon' && p.run === 2 && p.state === 'RUNNING'),
    );
    await until('every process again', () => count(place, 'escape.py') === all);
    for (const kind of Object.keys(kinds)) {
      const { code, stdout } = await hostd.hostctl('stop', kind);
      assert.deepEqual([code, stdout], [0, `${kind}: stopped\n`]);
    }
    assert.deepEqual(
      marked(place.mark).filter(p => p.command.includes('escape.py')),
      [],
    );
  });

  test(`twenty programs that take a second each stop together (${name})`, { skip }, async t => {
    const twenty = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`slow${i}`, { command: `timed.py slow${i} 1` }]),
    );
    const { place, hostd } = await start(t, way, twenty);
    await until(
      'all to run',
      () => readFileSync(`${place.dir}/times`, 'utf8').match(/started/g)?.length === 20,
    );
    const begun = performance.now();
    const { code, stdout } = await hostd.hostctl('stop', 'all');
    const seconds = (performance.now() - begun) / 1000;
    assert.equal(code, 0);
    assert.equal(stdout.split('\n').length, 21);
    assert.ok(seconds < 15, `took ${seconds} s`);
    t.diagnostic(`stopped in ${seconds.toFixed(2)} s`);
    assert.equal(count(place, 'timed.py'), 0);
  });
}

test('a daemon that has cleared its environment and left its session is ended too, by its cgroup', {
  skip: needsRoot,
}, async t => {
  const [way] = ways;
  assert.ok(way);
  const { place, hostd } = await start(t, way, { gone: { command: 'escape.py cleared-daemon' } });
  if (hostd.output().includes('no cgroup v2')) return t.skip('needs cgroup v2');
  await until('both', () => count(place, 'escape.py') === 2);
  assert.equal((await hostd.hostctl('stop', 'gone')).code, 0);
  assert.equal(count(place, 'escape.py'), 0);
});

test('a program that ignores SIGTERM is killed after stopwaitsecs, with what it has started', {
  skip: needsRoot,
}, async t => {
  const way = ways[1];
  assert.ok(way);
  const { place, hostd } = await start(t, way, {});
  place.write(
    'deaf.sh',
    `trap '' TERM; setsid sh -c "trap '' TERM; while :; do sleep 0.1; done; : ${place.dir}" & while :; do sleep 0.1; done`,
  );
  place.write(
    'etc/apps.d/deaf.toml',
    `[program.deaf]\ncommand = "sh ${place.dir}/deaf.sh"\nstopwaitsecs = 1\nstartsecs = 0\n`,
  );
  assert.equal((await hostd.hostctl('update')).code, 0);
  await until('both', () => marked(place.mark).filter(p => p.command.includes(`: ${place.dir}`)).length >= 1);
  const begun = performance.now();
  assert.equal((await hostd.hostctl('stop', 'deaf')).code, 0);
  const took = performance.now() - begun;
  assert.ok(took >= 1000 && took < 9000, `took ${took} ms`);
  assert.equal(count(place, 'trap'), 0);
});

test('priorities order the waves: SIGTERM to hostd ends what was started last first', async t => {
  const [way] = ways;
  assert.ok(way);
  const wave = (priority: number, names: readonly string[]) =>
    names.map(name => [name, { command: `timed.py ${name} 0.3`, priority, startsecs: 0.3 }] as const);
  const programs = Object.fromEntries([
    ...wave(10, ['db1', 'db2']),
    ...wave(20, ['queue']),
    ...wave(30, ['web1', 'web2']),
  ]);
  const { place, hostd } = await start(t, way, programs);
  await until('all to run', () => readFileSync(`${place.dir}/times`, 'utf8').match(/started/g)?.length === 5);
  assert.equal(await hostd.stop(), 0);
  const times = new Map<string, number>(
    readFileSync(`${place.dir}/times`, 'utf8')
      .trim()
      .split('\n')
      .map(line => {
        const [name, what, at] = line.split(' ');
        return [`${name} ${what}`, Number(at)] as const;
      }),
  );
  const at = (what: string) => times.get(what) ?? Number.NaN;
  const waves = [['db1', 'db2'], ['queue'], ['web1', 'web2']];
  const first = (names: readonly string[] = [], what: string) =>
    Math.min(...names.map(n => at(`${n} ${what}`)));
  const last = (names: readonly string[] = [], what: string) =>
    Math.max(...names.map(n => at(`${n} ${what}`)));
  for (const i of [0, 1]) {
    assert.ok(last(waves[i], 'started') < first(waves[i + 1], 'started'), `start ${i}`);
    assert.ok(last(waves[i + 1], 'ended') < first(waves[i], 'told'), `stop ${i}`);
  }
  assert.ok(Math.abs(at('web1 told') - at('web2 told')) < 0.25, 'one wave is told together');
});
