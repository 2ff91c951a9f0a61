// A booted systemd in a container (run.sh), and commands inside of it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ran, run } from '../../scripts/run.ts';
import { isRoot } from '../harness/accounts.ts';
import type { Place } from '../harness/place.ts';
import { childrenOf } from '../harness/processes.ts';
import { until } from '../harness/until.ts';

const script = join(import.meta.dirname, 'run.sh');

/** cgroup v2 alone, or what this machine has. */
export type Cgroups = 'unified' | 'as here';

/** For node:test's `skip`: why this machine cannot boot a container. */
export function needsContainer(cgroups: Cgroups = 'unified'): string | false {
  if (!isRoot) return 'needs root';
  if (spawnSync('systemd-nspawn', ['--version']).status !== 0)
    return 'needs systemd-nspawn: apt-get install systemd-container';
  const { status } = spawnSync('sh', ['-c', 'test -x /lib/systemd/systemd && command -v nsenter unshare']);
  if (status !== 0) return 'needs systemd, nsenter and unshare';
  // modprobe by mount(8) is the other way for a file system to be there.
  const known = readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n');
  if (!known && spawnSync('modprobe', ['overlay']).status !== 0) return 'needs overlayfs';
  const { stdout } = spawnSync('systemctl', ['--version'], { encoding: 'utf8' });
  const version = Number(/^systemd (\d+)/.exec(stdout)?.[1] ?? 0);
  if (cgroups === 'as here' && version >= 258 && !existsSync('/sys/fs/cgroup/cgroup.controllers'))
    return `systemd ${version} boots with cgroup v2 alone, and this machine has v1 as well`;
  return false;
}

export interface Container {
  readonly child: ChildProcess;
  /** Runs a command inside, as root. */
  inside(...argv: readonly string[]): Promise<Ran>;
  output(): string;
}

/** A container has its processes in a cgroup that a machine has once, so a second one waits until the first has ended. */
const turn = ['--no-fork', '/run/hostd-test-container.lock'];

/**
 * Boots, and waits until systemd is up; the container ends with the test. `place`/files is laid over its files.
 */
export async function boot(place: Place, cgroups: Cgroups = 'unified'): Promise<Container> {
  const kind = cgroups === 'unified' ? ['unified'] : [];
  const child = spawn('flock', [...turn, 'sh', script, place.dir, ...kind], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  place.after(async () => {
    child.kill('SIGTERM');
    await until('the container to power off', ended).catch(() => child.kill('SIGKILL'));
    await until('the container to end', ended);
  });
  // A reboot makes another one.
  const leader = () =>
    childrenOf(child.pid ?? 0)
      .flatMap(({ pid }) => childrenOf(pid))
      .find(process => process.command.includes('systemd'))?.pid ?? 0;
  const inside = (...argv: readonly string[]) =>
    run(['nsenter', '-t', String(leader()), '-m', '-p', '-u', '-i', '-n', '-C', ...argv], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeout: 120_000,
    });
  await until(
    'systemd to be up',
    async () => ended() || /running|degraded/.test((await inside('systemctl', 'is-system-running')).stdout),
    { every: 200, timeout: 500_000 },
  ).catch(error => {
    throw new Error(`${error.message}\n${output}`);
  });
  if (ended()) throw new Error(`the container ended: ${output}`);
  return { child, inside, output: () => output };
}
