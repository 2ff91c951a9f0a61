// The bounds of a container in Docker's words, which Compose and Swarm have in different places. Pure.

import type { Limit, Program } from '../../model/host.ts';
import { boundOf } from '../containers/bounds.ts';
import type { Tree } from './sharing.ts';

/** Docker's names of resource limits (docker run, --ulimit). It has none for the address space. */
export function limitsOf({ limits }: Program): Tree {
  const value = (limit: number | null) => limit ?? -1;
  const entries = Object.entries(limits).filter(([name]) => name !== 'as');
  if (entries.length === 0) return {};
  return {
    ulimits: Object.fromEntries(
      entries.map(([name, { soft, hard }]: [string, Limit]) => [
        name,
        { soft: value(soft), hard: value(hard) },
      ]),
    ),
  };
}

/** For Compose: the words that every version of it knows. Docker's weights: 1024 shares and a weight of 500 are everybody's. */
export function machineBounds(program: Program): Tree {
  const cpus = boundOf(program, 'cpuMax');
  const memory = boundOf(program, 'memoryMax');
  const high = boundOf(program, 'memoryHigh');
  const pids = boundOf(program, 'tasksMax');
  const cpuWeight = boundOf(program, 'cpuWeight');
  const ioWeight = boundOf(program, 'ioWeight');
  return {
    ...(cpus === null ? {} : { cpus: cpus / 100 }),
    ...(memory === null ? {} : { mem_limit: String(memory) }),
    ...(high === null ? {} : { mem_reservation: String(high) }),
    ...(pids === null ? {} : { pids_limit: pids }),
    ...(program.oomScoreAdj === null ? {} : { oom_score_adj: program.oomScoreAdj }),
    ...(cpuWeight === null ? {} : { cpu_shares: Math.max(2, Math.round(cpuWeight * 10.24)) }),
    ...(ioWeight === null ? {} : { blkio_config: { weight: Math.min(1000, Math.max(10, ioWeight * 5)) } }),
  };
}

/** For Swarm: `resources` of `deploy`. */
export function nodeBounds(program: Program): Tree {
  const cpus = boundOf(program, 'cpuMax');
  const memory = boundOf(program, 'memoryMax');
  const high = boundOf(program, 'memoryHigh');
  const pids = boundOf(program, 'tasksMax');
  const limits = {
    ...(cpus === null ? {} : { cpus: String(cpus / 100) }),
    ...(memory === null ? {} : { memory: String(memory) }),
    ...(pids === null ? {} : { pids }),
  };
  const resources = {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(high === null ? {} : { reservations: { memory: String(high) } }),
  };
  return Object.keys(resources).length === 0 ? {} : { resources };
}
