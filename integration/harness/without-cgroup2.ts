// Starts a hostd (HostdOptions.under) that finds no cgroup v2, as in many containers. Needs root.

import { readFileSync } from 'node:fs';

/** A private mount namespace in which no cgroup2 is mounted. */
export function withoutCgroup2(): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(' - cgroup2 '))
    .map(line => line.split(' ')[4] ?? '');
  const script = `${mounts.map(mount => `umount -l ${mount} && `).join('')}exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
}
