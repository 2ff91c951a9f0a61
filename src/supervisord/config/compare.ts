// Whether two groups are the same to Supervisor (the __eq__ of options.py): then reread has nothing to say of them. Pure.

import type { Channel, GroupConfig, ProcessConfig } from './config.ts';

export function sameGroup(left: GroupConfig, right: GroupConfig): boolean {
  if (left.kind !== right.kind || left.name !== right.name || left.priority !== right.priority) return false;
  const { processes } = left;
  if (processes.length !== right.processes.length) return false;
  if (!processes.every((process, index) => sameProcess(process, right.processes[index]))) return false;
  if (left.kind === 'eventlistener' && right.kind === 'eventlistener')
    return (
      left.bufferSize === right.bufferSize &&
      same([...left.events].sort(), [...right.events].sort()) &&
      left.resultHandler === right.resultHandler
    );
  return left.kind !== 'fcgi' || right.kind !== 'fcgi' || left.socket.url === right.socket.url;
}

function sameProcess(left: ProcessConfig, right: ProcessConfig | undefined): boolean {
  return right !== undefined && same(comparable(left, right), comparable(right, left));
}

/** A log of childlogdir is like any other. */
function comparable(process: ProcessConfig, other: ProcessConfig): unknown {
  const channel = (own: Channel, its: Channel) => ({
    ...own,
    log: own.log.kind === 'auto' || its.log.kind === 'auto' ? null : own.log,
  });
  return {
    ...process,
    stdout: channel(process.stdout, other.stdout),
    stderr: channel(process.stderr, other.stderr),
    environment: [...process.environment].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** By value; the order of keys is the same, since one and the same reader has made both. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
