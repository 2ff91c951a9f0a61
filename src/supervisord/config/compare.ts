// Whether two groups are equal for Supervisor (the __eq__ of options.py), so that reread reports no change. Pure.

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

/** The process as it is compared. A log in childlogdir equals any other. */
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

/** Equal by value. The keys are in one order, since the same reader has made both. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
