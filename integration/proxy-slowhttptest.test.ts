// A thousand slow connections of Debian's slowhttptest, in each of its ways: people are answered as before, and the worker
// lives within its memory. How much slower their answers are is printed, since that depends on the machine.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { findProgram } from './harness/programs.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { type Asked, startSteadyClient } from './proxy/steady-client.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from './proxy/worker.ts';

const tool = findProgram('slowhttptest') ?? 'slowhttptest';
const missing = existsSync(tool) ? false : 'needs slowhttptest: apt-get install slowhttptest';

const attackSeconds = 4;
/** Both are bounds that a broken worker misses by far, not figures to be proud of. */
const slowestMs = 2000;
const memoryMegabytes = 150;

interface Attack {
  readonly options: readonly string[];
  readonly path: string;
  readonly connections: number;
}

const thousand = 1000;
const slowHeaders: Attack = { options: ['-H', '-x', '24'], path: '/', connections: thousand };
const slowBody: Attack = {
  options: ['-B', '-s', '100000', '-x', '10'],
  path: '/form',
  connections: thousand,
};
const slowRead: Attack = {
  options: ['-X', '-w', '512', '-y', '1024', '-n', '2', '-z', '32'],
  path: '/media/big.bin',
  connections: thousand,
};

describe('slow connections by the thousand', { skip: missing }, () => {
  let fixture: Fixture;
  let upstream: Upstream;
  let sites: WorkerOptions['sites'];

  before(async () => {
    fixture = makeFixture('slowhttptest');
    // slowhttptest names in its Host field what it connects to.
    sites = fixture.sites.map(site =>
      site.name === 'hello' ? { ...site, serverNames: [...site.serverNames, '127.0.0.1'] } : site,
    );
    upstream = await startUpstream(fixture.sites[1].socket, {});
  });

  after(async () => {
    await upstream?.close();
    fixture?.remove();
  });

  for (const [name, attack] of Object.entries({ slowHeaders, slowBody, slowRead })) {
    test(`${name}: a worker that takes them all`, async t => {
      const worker = await startWorker({
        sites,
        directory: fixture.directory,
        limits: { connectionsPerClient: 5000 },
      });
      t.after(() => worker.stop());
      const most = await withstand(t, worker, attack);
      assert.ok(most >= attack.connections * 0.95, `only ${most} connections were open at once`);
      assert.ok(
        !upstream.requests.some(text => text.startsWith('POST /form')),
        'half a form reached the app',
      );
    });
  }

  test('slowHeaders: a worker with the usual bound for one address', async t => {
    const worker = await startWorker({ sites, directory: fixture.directory });
    t.after(() => worker.stop());
    const most = await withstand(t, worker, { ...slowHeaders, connections: 1200 });
    assert.ok(most >= 950 && most <= 1100, `${most} connections were open at once`);
  });
});

/** Returns how many connections were open at once, the steady client's included. */
async function withstand(t: TestContext, worker: RunningWorker, attack: Attack): Promise<number> {
  const pid = worker.process.pid ?? 0;
  await askFor(worker, 500); // a just-in-time compiler needs its time
  const calm = await askFor(worker, 500);
  const base = { memory: residentMegabytes(pid), sockets: openSockets(pid) };
  let memory = 0;
  let sockets = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, residentMegabytes(pid));
    sockets = Math.max(sockets, openSockets(pid));
  }, 100);
  t.after(() => clearInterval(watch));
  const client = steady(worker);
  await slowhttptest(t, worker.port, attack);
  const attacked = await client.stop();
  clearInterval(watch);
  t.diagnostic(`before: ${figures(calm)}`);
  t.diagnostic(`attacked: ${figures(attacked)}`);
  t.diagnostic(`${sockets - base.sockets} connections at once; memory ${base.memory} MB, then ${memory} MB`);
  assert.ok(attacked.length > attackSeconds * 50, `${attacked.length} requests`);
  assert.deepEqual(
    attacked.filter(({ status, ms }) => status !== 200 || ms > slowestMs),
    [],
  );
  assert.equal(worker.process.exitCode, null, worker.errors());
  assert.ok(memory - base.memory < memoryMegabytes, `${base.memory} MB, then ${memory} MB`);
  return sockets - base.sockets;
}

/** From an address of its own: the bound on connections is for each address. */
function steady(worker: RunningWorker): ReturnType<typeof startSteadyClient> {
  const paths = ['/page', '/static/a.txt'];
  return startSteadyClient({ port: worker.port, host: 'hello.test', paths, everyMs: 20, from: '127.0.0.2' });
}

async function askFor(worker: RunningWorker, ms: number): Promise<readonly Asked[]> {
  const client = steady(worker);
  await new Promise(resolve => setTimeout(resolve, ms));
  return client.stop();
}

async function slowhttptest(t: TestContext, port: number, attack: Attack): Promise<void> {
  const child = spawn(
    tool,
    [
      ...attack.options,
      ...['-c', String(attack.connections), '-r', '500', '-i', '1', '-l', String(attackSeconds)],
      ...['-p', '5', '-v', '0', '-u', `http://127.0.0.1:${port}${attack.path}`],
    ],
    { stdio: 'ignore' },
  );
  const late = setTimeout(() => child.kill('SIGKILL'), (attackSeconds + 10) * 1000);
  t.after(() => {
    clearTimeout(late);
    if (child.exitCode === null) child.kill('SIGKILL');
  });
  await once(child, 'exit');
}

function figures(asked: readonly Asked[]): string {
  const times = asked.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(1);
  return `${times.length} requests, median ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${(times.at(-1) ?? 0).toFixed(1)} ms`;
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function openSockets(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // closed since
    }
  }).length;
}
