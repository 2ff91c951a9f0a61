// What it costs to be looked at: hostd with 200 apps, each with four processes and a site, while nobody looks, and when Prometheus scrapes.
//   npm run bench:metrics -- [--apps N] [--scrapes N] [--seconds N]
// What is measured and how is in docs/benchmarks.md. Ends, by pid, only what carries its own mark.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { killMarked } from '../integration/harness/processes.ts';
import { freePort } from '../scripts/free-port.ts';
import { ask } from '../scripts/http.ts';

const { values } = parseArgs({
  options: {
    apps: { type: 'string', default: '200' },
    scrapes: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '30' },
  },
});
const [apps, scrapes, seconds] = [values.apps, values.scrapes, values.seconds].map(Number) as [
  number,
  number,
  number,
];

const dir = mkdtempSync('/tmp/hostd-bench-');
chmodSync(dir, 0o755);
const mark = dir.slice(-6);
process.on('exit', () => {
  killMarked({ environment: `HOSTD_BENCH=${mark}`, directory: dir });
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const hostd = await start(await freePort(), await freePort());
const own = hostd.child.pid ?? 0;
await settled(own);
const idle = { switches: switchesOf(own), cpu: cpuOf(own) };
await sleep(seconds * 1000);
const woken = switchesOf(own) - idle.switches;
const memoryIdle = memoryOf(own);

// The first scrape loads what the others find.
await scrape();
const metrics = childOf(own, 'hostd-metrics');
const before = { root: cpuOf(own), metrics: cpuOf(metrics) };
const times: number[] = [];
let bytes = 0;
for (let i = 0; i < scrapes; i++) {
  await sleep(1500);
  const begun = performance.now();
  bytes = await scrape();
  times.push(performance.now() - begun);
}
const ms = {
  root: (1000 * (cpuOf(own) - before.root)) / scrapes,
  metrics: (1000 * (cpuOf(metrics) - before.metrics)) / scrapes,
};
const middle = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
const percent = (one: number) => `${((one / 15_000) * 100).toFixed(2)} %`;
for (const [row, figure] of [
  [`nobody looks: wake-ups of root's process in ${seconds} s`, `${woken}`],
  [`nobody looks: its Pss`, `${(memoryIdle / 2 ** 20).toFixed(1)} MB`],
  [`after ${scrapes} scrapes: its Pss`, `${(memoryOf(own) / 2 ** 20).toFixed(1)} MB`],
  [`hostd-metrics: Pss`, `${(memoryOf(metrics) / 2 ** 20).toFixed(1)} MB`],
  ['one scrape: time (median)', `${middle.toFixed(0)} ms`],
  ['one scrape: text', `${(bytes / 1024).toFixed(0)} kB`],
  ['one scrape: CPU of root, of hostd-metrics', `${ms.root.toFixed(1)} ms, ${ms.metrics.toFixed(1)} ms`],
  ['every 15 s: share of a core, root and hostd-metrics', percent(ms.root + ms.metrics)],
] as const)
  process.stdout.write(`${row.padEnd(52)} ${figure}\n`);
process.exit(0);

async function start(port: number, scraped: number): Promise<{ child: ChildProcess; scraped: number }> {
  mkdirSync(`${dir}/apps.d`);
  mkdirSync(`${dir}/app`);
  const user = process.getuid?.() === 0 ? 'nobody' : (process.env['USER'] ?? 'nobody');
  const command = "/bin/sh -c 'sleep 100000 & sleep 100000 & sleep 100000 & wait'";
  for (let i = 0; i < apps; i++)
    writeFileSync(
      `${dir}/apps.d/app${i}.toml`,
      `[app.app${i}]\nroot = "${dir}/app"\nuser = "${user}"\nproject = "${dir}/app"\ncommand = "${command.replaceAll('"', '\\"')}"\nsocket = "${dir}/app/${i}.sock"\nlogs = "${dir}/app"\nstdout_logfile = "NONE"\nserver_names = ["app${i}.test"]\nstatic = ""\nmedia = ""\n`.replace(
        /static = ""\nmedia = ""\n/,
        '',
      ),
    );
  writeFileSync(
    `${dir}/hostd.toml`,
    `[hostd]\ninclude = ["apps.d/*.toml"]\nruntime_dir = "${dir}/run"\nstate_dir = "${dir}/lib"\nlog_dir = "${dir}/log"\n[control]\nsocket = "${dir}/run/hostd.sock"\n[proxy]\nlisten = ["127.0.0.1:${port}"]\n[metrics]\nlisten = "127.0.0.1:${scraped}"\n`,
  );
  const hostd = join(import.meta.dirname, '../bin/hostd');
  const env = { PATH: process.env['PATH'], HOSTD_BENCH: mark };
  const child = spawn(hostd, ['start', '-c', `${dir}/hostd.toml`], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        said += chunk;
        if (said.includes('"msg":"ready: ')) resolve();
      });
    child.on('exit', () => reject(new Error(`hostd has ended:\n${said.slice(-2000)}`)));
  });
  await ready;
  return { child, scraped };
}

/** Waits until the process has slept for three seconds: what its start has left to do is done. */
async function settled(pid: number): Promise<void> {
  for (let before = -1, tries = 0; before !== switchesOf(pid) && tries < 40; tries++) {
    before = switchesOf(pid);
    await sleep(3000);
  }
}

async function scrape(): Promise<number> {
  const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
  const { status, body } = await ask({ to: { port: hostd.scraped }, host: 'x', path: '/metrics', headers });
  if (status !== 200) throw new Error(`cannot scrape: ${status}`);
  return body.length;
}

/** Seconds of processor time of a process, to the nanosecond (Linux' schedstat). */
function cpuOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8');
    return sum + Number(text.split(' ')[0]) / 1e9;
  }, 0);
}

/** How often it has gone to sleep by itself. */
function switchesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1]);
  }, 0);
}

/** Bytes of Pss. */
function memoryOf(pid: number): number {
  return 1024 * Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
}

function childOf(parent: number, name: string): number {
  for (const pid of readdirSync('/proc').filter(entry => /^\d+$/.test(entry)))
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      if (
        text.includes(`(${name})`) &&
        Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === parent
      )
        return Number(pid);
    } catch {
      // It has ended.
    }
  throw new Error(`there is no ${name}`);
}
