// The fleet as Supervisor's clients see it: names, states and reasons in Supervisor's words.

import { spawnError, stateName } from '../../lifecycle/view.ts';
import { numberOfSignal } from '../../linux/signals.ts';
import type { LogFile, Program } from '../../model/host.ts';
import { stateCodes } from '../../model/state.ts';
import type { ConfigInfo, GroupInfo, LogConfig, ProcessInfo } from '../../protocol/rpc.ts';
import { quoteWord } from '../../words/shlex.ts';
import { describeSleep, isDown, type Unit } from '../fleet/unit.ts';
import { userOf } from '../runs/launch.ts';

/** The largest integer of XML-RPC. */
const mostInt = 2 ** 31 - 1;

/** Whether clients see the program. hostd's own programs are not shown. */
export function isShown({ kind }: Pick<Program, 'kind'>): boolean {
  return kind !== 'proxy';
}

/** Supervisor's name for the process: "celery" of "hello:celery". */
export function processName({ name, group }: Pick<Program, 'name' | 'group'>): string {
  return name.startsWith(`${group}:`) ? name.slice(group.length + 1) : name;
}

/** In Supervisor's order: by priority. Within one priority, groups that were added later, by their `rank`, come last. */
export function describeGroups(
  units: readonly Unit[],
  rank: (group: string) => number = () => 0,
): GroupInfo[] {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) {
    const { group } = unit.program;
    groups.set(group, [...(groups.get(group) ?? []), unit]);
  }
  return [...groups]
    .map(([name, members]) => ({
      name,
      priority: members[0]?.program.groupPriority ?? 999,
      processes: members.map(describeProcess).sort(byPriority),
    }))
    .sort((a, b) => a.priority - b.priority || rank(a.name) - rank(b.name) || byPriority(a, b));
}

function byPriority<T extends { readonly priority: number; readonly name: string }>(a: T, b: T): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function describeProcess(unit: Unit): ProcessInfo {
  const { program, state, run, lastExit, startedAt, stoppedAt } = unit;
  return {
    name: processName(program),
    priority: program.priority,
    state: stateCodes[stateName(state)],
    start: seconds(startedAt),
    stop: seconds(stoppedAt),
    startsAtOnce: program.startsecs === 0,
    isScheduled: program.schedule !== null && isDown(unit),
    spawnerr: supervisorWords(spawnError(state)),
    // A run that lives has no exit status yet.
    exitstatus: run !== null || lastExit === null ? 0 : lastExit.signal !== null ? -1 : (lastExit.code ?? 0),
    pid: run?.process.pid ?? 0,
    stdoutLogfile: program.stdout.path ?? '',
    stderrLogfile: program.stderr?.path ?? '',
    description: describeSleep(unit),
  };
}

function seconds(ms: number | null): number {
  return ms === null ? 0 : Math.min(Math.floor(ms / 1000), mostInt);
}

/** The reason why a program did not start, in Supervisor's words. Pure. */
export function supervisorWords(why: string): string {
  if (why === 'exited too quickly') return 'Exited too quickly (process log may have details)';
  const missing = /^cannot find command "(.*)"$/s.exec(why);
  if (missing !== null) return `can't find command '${missing[1]}'`;
  const closed = /^command at "(.*)" is not executable$/s.exec(why);
  return closed === null ? why : `command at '${closed[1]}' is not executable`;
}

/** `inUse`: the groups in force. */
export function describeConfig(program: Program, inUse: ReadonlySet<string>): ConfigInfo {
  const { stdout, stderr } = program;
  return {
    group: program.group,
    name: processName(program),
    groupPriority: program.groupPriority,
    priority: program.priority,
    inuse: inUse.has(program.group),
    autostart: program.autostart,
    directory: program.directory,
    uid: uidOf(program),
    command: program.command.map(quoteWord).join(' '),
    exitcodes: program.exitcodes,
    killasgroup: program.killasgroup,
    redirectStderr: stderr === null,
    startretries: program.startretries ?? mostInt,
    startsecs: Math.floor(program.startsecs),
    stopsignal: numberOfSignal(program.stopsignal),
    stopwaitsecs: Math.floor(program.stopwaitsecs),
    serverurl: null,
    stdout: describeLog(stdout),
    stderr: describeLog(stderr),
  };
}

function describeLog(log: LogFile | null): LogConfig {
  return {
    captureMaxbytes: log?.through?.captureBytes ?? 0,
    eventsEnabled: log?.through?.events ?? false,
    logfile: log?.path ?? null,
    backups: log?.backups ?? 0,
    maxbytes: log?.maxBytes ?? 0,
    syslog: log?.through?.syslog ?? false,
  };
}

function uidOf(program: Program): number | null {
  if (program.user === null) return null;
  try {
    return userOf(program).uid;
  } catch {
    return null;
  }
}
