// What the runs of the programs have used: processes, processor time, memory. By their cgroups where there are any, else by one look
// at all processes of the machine. Others get their turns meanwhile: hundreds of programs may be looked at.

import { anonymousOf, memoryUse } from '../../linux/memory-use.ts';
import { type ProcessorTime, parseCpuStat, processorTime, residentMemory } from '../../linux/process-use.ts';
import { below, pids } from '../../linux/procfs.ts';
import { native } from '../../native/index.ts';
import type { MemoryKind } from '../../protocol/sample.ts';
import type { Run } from '../runs/run.ts';
import type { Breather } from './breather.ts';

export interface Use {
  readonly processes: number;
  readonly cpuSeconds: number | null;
  readonly memory: { readonly bytes: number; readonly kind: MemoryKind } | null;
}

/** Times of a process, by which a tree of processes is summed up. */
interface Member extends ProcessorTime {
  readonly pid: number;
}

export interface Uses {
  of(run: Run): Promise<Use>;
  /** The processes of a run, its main process first where that is known. */
  processes(run: Run): Promise<readonly number[]>;
}

/** The most that each run was seen to have used: a process that nobody has waited for takes its time with it, but time never goes back. */
const most = new WeakMap<Run, number>();

/** For one sample. `exact`: memory that processes share is divided among them. */
export function lookAtUses(exact: boolean, breather: Breather): Uses {
  let children: Promise<ReadonlyMap<number, readonly Member[]>> | null = null;
  /** A run without a cgroup: its main process, and what is below it. */
  const treeOf = async ({ process: { pid } }: Run): Promise<readonly Member[]> => {
    children ??= allProcesses(breather);
    const first = processorTime(pid);
    return [...(first === null ? [] : [{ ...first, pid }]), ...below(await children, [pid])];
  };
  return {
    async processes(run) {
      const members = run.cgroup === null ? null : readMembers(run.cgroup);
      return members ?? (await treeOf(run)).map(({ pid }) => pid);
    },
    async of(run) {
      const { cgroup } = run;
      if (breather.isDue()) await breather.rest();
      const members = cgroup === null ? null : readMembers(cgroup);
      if (cgroup !== null && members !== null) {
        const cpuSeconds = readNumber(`${cgroup}/cpu.stat`, parseCpuStat);
        return {
          processes: members.length,
          cpuSeconds,
          memory: await memoryOf(cgroup, members, exact, breather),
        };
      }
      const all = await treeOf(run);
      const sum = all.reduce((seconds, one) => seconds + one.own + one.ended, 0);
      const seconds = Math.max(most.get(run) ?? 0, sum);
      most.set(run, seconds);
      const processes = all.map(({ pid }) => pid);
      return {
        processes: processes.length,
        cpuSeconds: seconds,
        memory: await memoryOf(null, processes, exact, breather),
      };
    },
  };
}

async function memoryOf(
  cgroup: string | null,
  processes: readonly number[],
  exact: boolean,
  breather: Breather,
): Promise<Use['memory']> {
  const counted = cgroup === null ? null : readNumber(`${cgroup}/memory.stat`, anonymousOf);
  if (counted !== null) return { bytes: counted, kind: 'cgroup' };
  const [first] = processes;
  if (first === undefined) return null;
  if (exact) {
    const bytes = await memoryUse(cgroup, first);
    return bytes === null ? null : { bytes, kind: 'proportional' };
  }
  let sum = 0;
  for (const pid of processes) {
    sum += residentMemory(pid) ?? 0;
    if (breather.isDue()) await breather.rest();
  }
  return { bytes: sum, kind: 'resident' };
}

/** All processes of the machine, by their parents. */
async function allProcesses(breather: Breather): Promise<ReadonlyMap<number, readonly Member[]>> {
  const children = new Map<number, Member[]>();
  for (const pid of pids()) {
    if (breather.isDue()) await breather.rest();
    const time = processorTime(pid);
    if (time === null) continue;
    const siblings = children.get(time.parent);
    if (siblings === undefined) children.set(time.parent, [{ ...time, pid }]);
    else siblings.push({ ...time, pid });
  }
  return children;
}

/** null: the cgroup is gone, or cannot be read. */
function readMembers(cgroup: string): number[] | null {
  const text = native.readKernelFile(`${cgroup}/cgroup.procs`);
  return text === null ? null : text.split('\n').filter(Boolean).map(Number);
}

function readNumber(path: string, parse: (text: string) => number | null): number | null {
  const text = native.readKernelFile(path);
  return text === null ? null : parse(text);
}
