// getProcessInfo and getAllProcessInfo.

import type { GroupInfo, ProcessInfo, ProcessName } from '../../protocol/rpc.ts';
import { byCodePoints, splitName } from '../../words/process-names.ts';
import type { Struct, Value } from '../../xmlrpc/values.ts';
import type { Session } from '../session.ts';
import { describe } from './describe.ts';
import { RpcFault, textOf } from './errors.ts';
import { processStates } from './states.ts';

export async function getProcessInfo(session: Session, name: Value): Promise<Struct> {
  const text = textOf(name, 'split');
  const { group, name: process } = splitName(text);
  const [found] = await session.ask('processes', { groups: [group] });
  const info = found?.processes.find(one => one.name === process);
  if (info === undefined) throw new RpcFault('BAD_NAME', text);
  return describeProcess(group, info, session.now());
}

export async function getAllProcessInfo(session: Session): Promise<Struct[]> {
  const groups = [...(await session.ask('processes', { groups: null }))].sort(byName);
  return groups.flatMap(({ name, processes }) =>
    [...processes].sort(byName).map(info => describeProcess(name, info, session.now())),
  );
}

const byName = (a: { name: string }, b: { name: string }) => byCodePoints(a.name, b.name);

/** `now`: Unix time in milliseconds. */
function describeProcess(group: string, info: ProcessInfo, now: number): Struct {
  const { name, state, pid, spawnerr, exitstatus, stdoutLogfile, stderrLogfile } = info;
  const seconds = Math.floor(now / 1000);
  return new Map<string, Value>([
    ['name', name],
    ['group', group],
    ['start', info.start],
    ['stop', info.stop],
    ['now', seconds],
    ['state', state],
    ['statename', processStates[state] ?? 'UNKNOWN'],
    ['spawnerr', spawnerr],
    ['exitstatus', exitstatus],
    ['logfile', stdoutLogfile],
    ['stdout_logfile', stdoutLogfile],
    ['stderr_logfile', stderrLogfile],
    ['pid', pid],
    ['description', describe(info, seconds)],
  ]);
}

export interface Listed extends ProcessName {
  readonly info: ProcessInfo;
}

/** The processes of all groups, lower priorities first, and within one priority in the given order. */
export function listed(groups: readonly GroupInfo[]): Listed[] {
  return groups
    .toSorted(byPriority)
    .flatMap(({ name: group, processes }) =>
      processes.toSorted(byPriority).map(info => ({ group, name: info.name, info })),
    );
}

const byPriority = (a: { priority: number }, b: { priority: number }) => a.priority - b.priority;
