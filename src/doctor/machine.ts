// What the doctor looks at once for all sites: hostd, its files, the ports, the proxy, disks and memory.

import { checkDisks } from '../check/disks.ts';
import { checkPorts } from '../check/ports.ts';
import { ownProgramProblems } from '../config/own-programs.ts';
import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { Daemon, Front } from './facts.ts';
import { found, fromProblem, joined, type Looked, nothing, unseen } from './finding.ts';
import { lastError } from './judge/log.ts';
import { isProxy, judgeDaemon, judgeFronts, judgeMachineMemory, judgeProxy } from './judge/machine.ts';
import { judgeProgram, judgeStopped } from './judge/program.ts';
import { machineMemory } from './look/memory.ts';
import { stoppedAmong, stoppedHostd } from './look/stopped.ts';

export interface MachineOrder {
  readonly host: Host;
  /** Those of no app. */
  readonly problems: readonly Problem[];
  readonly daemon: Daemon;
  readonly fronts: readonly Front[];
  /** Of the files on disk. */
  readonly version: string;
  readonly now: number;
}

export async function lookAtMachine(order: MachineOrder): Promise<Looked> {
  const { host, problems, daemon, fronts, version } = order;
  const { proxy } = host.settings;
  return joined(
    stopped(order),
    judgeDaemon(daemon, version),
    found(...problems.map(problem => fromProblem('configuration', problem))),
    ports(order),
    found(
      ...ownProgramProblems(host).map(problem =>
        fromProblem('proxy', problem, problem.severity === 'warning' ? { severity: 'note' } : {}),
      ),
    ),
    judgeProxy(proxy, daemon, await proxyError(daemon)),
    judgeFronts(proxy, fronts, host.sites.length > 0),
    found(...checkDisks({ settings: host.settings, apps: [] }).map(problem => fromProblem('disk', problem))),
    judgeMachineMemory(machineMemory()),
    ...(await others(order)),
  );
}

/** hostd and its proxy's workers. */
function stopped({ host, daemon }: MachineOrder): Looked {
  const hostd = daemon.state === 'down' ? stoppedHostd(host.settings.stateDir) : null;
  const workers = daemon.programs.filter(isProxy);
  return joined(
    judgeStopped('daemon', 'hostd', hostd === null ? [] : [hostd]),
    ...workers.map(({ name, pid }) => judgeStopped('proxy', name, pid === null ? [] : stoppedAmong([pid]))),
  );
}

/** Only root sees whose listener it is, and that hostd's own is no fault. */
function ports({ host, daemon }: MachineOrder): Looked {
  if (!host.settings.proxy.enabled) return nothing;
  const isServing = daemon.programs.some(program => isProxy(program) && program.state === 'RUNNING');
  if (process.geteuid?.() !== 0) return isServing ? nothing : unseen('needs root', 'port');
  return found(...checkPorts(host).map(problem => fromProblem('port', problem)));
}

async function proxyError(daemon: Daemon) {
  const sick = daemon.programs.find(program => isProxy(program) && program.state !== 'RUNNING');
  const log = sick === undefined ? null : await daemon.log(sick.name);
  return log === null ? null : lastError(log);
}

/** The programs that belong to no app. */
async function others({ daemon, now }: MachineOrder): Promise<readonly Looked[]> {
  const all = daemon.programs.filter(program => program.app === null && !isProxy(program));
  return await Promise.all(all.map(status => lookAtProgram(status.name, daemon, now)));
}

/** One program by what hostd says of it. */
export async function lookAtProgram(name: string, daemon: Daemon, now: number): Promise<Looked> {
  const status = daemon.programs.find(program => program.name === name) ?? null;
  const [events, log] = await Promise.all([daemon.events([name]), daemon.log(name)]);
  return joined(
    judgeStopped('program', name, status?.pid == null ? [] : stoppedAmong([status.pid])),
    judgeProgram({ name, status, events, error: log === null ? null : lastError(log), now }),
  );
}
