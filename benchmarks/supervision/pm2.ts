// pm2, from npm: installed below the benchmarks' own cache at first use, and never a dependency of hostd.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { run } from '../../scripts/run.ts';
import type { Peer, Subject } from './peer.ts';

const version = '7.0.4';
const cache = `${process.env['HOSTD_BENCH_CACHE'] ?? cacheOfUser()}/pm2-${version}`;
const main = `${cache}/node_modules/pm2/bin/pm2`;

export const pm2: Peer = {
  name: 'pm2',
  async find() {
    if (!existsSync(main)) await install();
    return (JSON.parse(readFileSync(`${dirname(main)}/../package.json`, 'utf8')) as { version: string })
      .version;
  },
  async start({ dir, mark }, subjects) {
    const home = `${dir}/pm2`;
    // Its daemon runs on the first `node` in PATH: the same Node as hostd's.
    const env = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      HOME: dir,
      PM2_HOME: home,
      ...mark,
    };
    const ask = (...args: string[]) => ({ argv: [process.execPath, main, ...args] as const, env });
    const list = `${dir}/ecosystem.json`;
    writeFileSync(list, JSON.stringify({ apps: subjects.map(app) }));
    // The daemon detaches itself; the command goes on until every program has been started.
    void run(ask('start', list).argv, { env, timeout: 120_000 });
    const pid = () => Number(readFileSync(`${home}/pm2.pid`, 'utf8'));
    return {
      processes: () => [pid()],
      status: () => ask('jlist'),
      saysRunning: (text, pid) => runs(text, pid),
      stopAll: ask('stop', 'all'),
      startAll: ask('start', 'all'),
      shutdown: () => process.kill(pid(), 'SIGTERM'),
    };
  },
};

function app({ name, argv: [script, ...args], log }: Subject) {
  const output = { out_file: log ?? '/dev/null', error_file: log ?? '/dev/null', merge_logs: true };
  return { name, script, args, interpreter: 'none', ...output };
}

/** jlist prints JSON on its last line. Messages about pm2 itself may come before. */
function runs(text: string, pid: number): boolean {
  const list = JSON.parse(text.slice(text.indexOf('[{'))) as { pid: number; pm2_env: { status: string } }[];
  return list.some(entry => entry.pid === pid && entry.pm2_env.status === 'online');
}

async function install(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const args = ['--prefix', cache, '--no-audit', '--no-fund', '--ignore-scripts', `pm2@${version}`];
  const { code, stderr } = await run(['npm', 'install', ...args], { timeout: 90_000 });
  if (code !== 0 || !existsSync(main))
    throw new Error(`cannot install pm2 below ${cache}: ${stderr.trim().split('\n')[0]}\n  try: npm ping`);
}

function cacheOfUser(): string {
  if (process.getuid?.() === 0) return '/var/cache/hostd-bench';
  return `${process.env['XDG_CACHE_HOME'] ?? `${process.env['HOME']}/.cache`}/hostd-bench`;
}
