// How much memory an app has, and whether the kernel has killed for it: by the cgroup of its processes (Control Group v2).

import { readFileSync } from 'node:fs';
import { memoryUse } from '../../linux/memory-use.ts';
import type { MemoryFacts } from '../facts.ts';

/** `pid`: of the app's main process. */
export async function lookAtMemory(pid: number): Promise<MemoryFacts> {
  const cgroup = cgroupOf(read(`/proc/${pid}/cgroup`), read('/proc/self/mountinfo'));
  return {
    used: await memoryUse(cgroup, pid),
    kills: cgroup === null ? null : killsIn(read(`${cgroup}/memory.events`)),
  };
}

/** The directory of the cgroup in /proc/PID/cgroup; null: cgroup2 is not mounted. */
export function cgroupOf(own: string, mountinfo: string): string | null {
  const path = /^0::(\/.*)$/m.exec(own)?.[1];
  const line = mountinfo.split('\n').find(one => one.includes(' - cgroup2 '));
  const [, , , root, point] = line?.split(' ') ?? [];
  if (path === undefined || root === undefined || point === undefined || path.includes('/..')) return null;
  const below = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  return `${point}${below}`;
}

/** The processes that memory.events counts as killed. */
export function killsIn(events: string): number | null {
  const found = /^oom_kill (\d+)$/m.exec(events);
  return found === null ? null : Number(found[1]);
}

/** Bytes that the machine can still give to programs, and all that it has (proc_meminfo(5)). */
export function machineMemory(
  text = read('/proc/meminfo'),
): { readonly left: number; readonly all: number } | null {
  const kilobytes = (name: string) => new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
  const [left, all] = [kilobytes('MemAvailable'), kilobytes('MemTotal')];
  return left === undefined || all === undefined
    ? null
    : { left: Number(left) * 1024, all: Number(all) * 1024 };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
