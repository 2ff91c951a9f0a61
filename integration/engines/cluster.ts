// A Swarm of several nodes on one machine: a network namespace, a mount namespace and a dockerd of its own for each, joined by a bridge.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from '../../scripts/run.ts';
import type { Place } from '../harness/place.ts';
import { until } from '../harness/until.ts';

export interface Node {
  readonly name: string;
  readonly address: string;
  /** Runs the docker client against this node. Returns what it prints. */
  docker(...args: readonly string[]): Promise<string>;
  /** The network of the node is gone, without a word to anybody. */
  cut(): Promise<void>;
}

export interface Cluster {
  /** The address of this machine in the nodes' network. */
  readonly gateway: string;
  readonly nodes: readonly [Node, ...Node[]];
}

async function must(command: readonly [string, ...string[]]): Promise<string> {
  const { code, stdout, stderr } = await run(command, { timeout: 300_000 });
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

/** Everything that it makes is gone when the test ends, also when that fails in the middle. */
export async function startSwarm(place: Place, count: number): Promise<Cluster> {
  const id = String(process.pid % 100_000);
  const net = `198.19.${process.pid % 250}`;
  const bridge = `heb${id}`;
  const gateway = `${net}.1`;
  place.after(async () => void (await run(['ip', 'link', 'del', bridge], {})));
  await must(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  await must(['ip', 'addr', 'add', `${gateway}/24`, 'dev', bridge]);
  await must(['ip', 'link', 'set', bridge, 'up']);
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const nodes = await Promise.all(numbers.map(number => startNode(place, { id, net, bridge, number })));
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('a Swarm has a node');
  await first.docker(
    'swarm',
    'init',
    '--advertise-addr',
    first.address,
    '--default-addr-pool',
    '10.90.0.0/16',
  );
  const token = (await first.docker('swarm', 'join-token', '-q', 'worker')).trim();
  for (const node of others)
    await node.docker(
      'swarm',
      'join',
      '--advertise-addr',
      node.address,
      '--token',
      token,
      `${first.address}:2377`,
    );
  return { gateway, nodes: [first, ...others] };
}

interface NodePlace {
  readonly id: string;
  readonly net: string;
  readonly bridge: string;
  readonly number: number;
}

async function startNode(place: Place, { id, net, bridge, number }: NodePlace): Promise<Node> {
  const [name, space, outside] = [`node${number}`, `hen${id}-${number}`, `heo${id}-${number}`];
  const address = `${net}.${10 + number}`;
  const inSpace: [string, ...string[]] = ['ip', '-n', space];
  place.after(async () => void (await run(['ip', 'netns', 'del', space], {})));
  await must(['ip', 'netns', 'add', space]);
  await must(['ip', 'link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space]);
  await must(['ip', 'link', 'set', outside, 'master', bridge, 'up']);
  await must([...inSpace, 'link', 'set', 'lo', 'up']);
  await must([...inSpace, 'addr', 'add', `${address}/24`, 'dev', 'eth0']);
  await must([...inSpace, 'link', 'set', 'eth0', 'up']);
  await must([...inSpace, 'route', 'add', 'default', 'via', `${net}.1`]);
  const dir = place.directory(name);
  const socket = `unix://${dir}/docker.sock`;
  const dockerd = startDockerd(place, dir, name, space, socket);
  place.after(() => stopDockerd(dockerd, dir, space));
  const docker = (...args: readonly string[]) => must(['docker', '-H', socket, ...args]);
  await until(
    `${name} to answer`,
    async () => {
      if (dockerd.exitCode !== null) throw new Error(readFileSync(`${dir}/log`, 'utf8').slice(-2000));
      return (await run(['docker', '-H', socket, 'info'], {})).code === 0;
    },
    { every: 250, timeout: 120_000 },
  );
  return {
    name,
    address,
    docker,
    cut: async () => void (await must(['ip', 'link', 'set', outside, 'down'])),
  };
}

/**
 * In a mount namespace of its own: without a name server at hand each pull of an image would wait for one, and a containerd of the
 * machine's own Docker would be found below /run.
 */
function startDockerd(place: Place, dir: string, name: string, space: string, socket: string): ChildProcess {
  writeFileSync(`${dir}/resolv.conf`, 'nameserver 127.0.0.1\n');
  writeFileSync(`${dir}/daemon.json`, '{}\n');
  mkdirSync(`${dir}/exec`);
  const script = `hostname ${name}
mount --make-rprivate /
mount --bind ${dir}/resolv.conf "$(readlink -f /etc/resolv.conf)"
for own in /run/containerd /run/docker; do if [ -d "$own" ]; then mount -t tmpfs tmpfs "$own"; fi; done
exec nsenter --net=/run/netns/${space} dockerd --config-file ${dir}/daemon.json --data-root ${dir}/data --exec-root ${dir}/exec --pidfile ${dir}/pid -H ${socket} \\
  --storage-driver overlay2 --userland-proxy=false >${dir}/log 2>&1`;
  return spawn('unshare', ['--mount', '--uts', 'sh', '-c', script], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], ...place.env },
  });
}

/** dockerd ends its containers. What is left is found by the directory that only this node has, and by its namespace. */
async function stopDockerd(dockerd: ChildProcess, dir: string, space: string): Promise<void> {
  const ended = new Promise<void>(resolve => {
    if (dockerd.exitCode !== null || dockerd.signalCode !== null) resolve();
    else dockerd.once('exit', () => resolve());
  });
  dockerd.kill('SIGTERM');
  await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 60_000).unref())]);
  for (const pid of ownPids(dir)) kill(pid);
  const { stdout } = await run(['ip', 'netns', 'pids', space], {});
  for (const pid of stdout.split('\n').map(Number)) kill(pid);
  await ended;
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(path => path.startsWith(`${dir}/`));
  for (const path of mounts.reverse()) await run(['umount', '--lazy', path], {});
  if (existsSync(dir)) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** The node's containerd and shims, and all that has descended from them. */
function ownPids(dir: string): readonly number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const own = new Set(all.filter(pid => read(`/proc/${pid}/cmdline`).includes(`${dir}/`)));
  for (let before = -1; before !== own.size; ) {
    before = own.size;
    for (const pid of all) if (own.has(parentOf(pid))) own.add(pid);
  }
  own.delete(process.pid);
  return [...own];
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
