// A generation of a program in the daemon: its definition, its state as the service has it, and its live run, if any.

import { type Exit, isDown as isDownState, type Policy, type State } from '../../lifecycle/process.ts';
import type { Definition } from '../../lifecycle/service.ts';
import { describeExit, formatUptime, spawnError, stateName } from '../../lifecycle/view.ts';
import type { Program } from '../../model/host.ts';
import { stateCodes } from '../../model/state.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import { localTime } from '../../words/timestamp.ts';
import { historyOf } from '../proxies/worker-history.ts';
import type { Run } from '../runs/run.ts';

/** What a generation is made from. */
export interface Made extends Definition {
  readonly program: Program;
  /** Keys of the sockets that hostd holds for the program (sockets.ts). */
  readonly sockets: readonly string[];
}

/** Only the loop writes `program`, `policy`, `isNext` and `state`. */
export interface Unit {
  /** The generation's id. */
  readonly id: number;
  program: Program;
  policy: Policy;
  /** The generation is new and has not taken over yet. */
  isNext: boolean;
  state: State;
  /** Ends the wait for the program's requirements, if there is one. The run then counts as not spawned. */
  cancelWait: (() => void) | null;
  /** Whether its workers have said that they are gunicorn's sync workers (half-close.ts). */
  isSync: boolean;
  /** Called when a proxy worker has said that it accepts no more connections. */
  onDraining: (() => void) | null;
  run: Run | null;
  /** The pid of the last run; 0: none has begun. */
  lastPid: number;
  timer: NodeJS.Timeout | undefined;
  /** What a program that is STARTING waits for, such as "/healthz: HTTP 503", or null. */
  waitsFor: string | null;
  /** Why this run counts as RUNNING although its health could not be asked for, or null. */
  unasked: string | null;
  /** Why hostd itself has started this run, or is about to end it (upkeep.ts), or null. */
  upkeep: string | null;
  /** Which of its bounds do not hold, and the mend, or null. */
  unbound: string | null;
  /** What the kernel has killed of this run, or null. */
  killed: string | null;
  /** Why the kernel has refused this run another process, or null. */
  refused: string | null;
  lastExit: Exit | null;
  /** Monotonic milliseconds: when the generation was made, and when its run began. Setting the clock changes no uptime. */
  readonly madeAt: number;
  upSince: number | null;
  /** Unix times in milliseconds. */
  startedAt: number | null;
  stoppedAt: number | null;
  /** null: it does not sleep. */
  asleepSince: number | null;
}

/** Only the loop changes `state`. */
export function makeUnit(id: number, { program, rules }: Made): Unit {
  return {
    id,
    program,
    policy: rules.current,
    isNext: false,
    state: { kind: 'stopped', run: 0 },
    cancelWait: null,
    isSync: false,
    onDraining: null,
    run: null,
    lastPid: 0,
    timer: undefined,
    waitsFor: null,
    unasked: null,
    upkeep: null,
    unbound: null,
    killed: null,
    refused: null,
    lastExit: null,
    madeAt: performance.now(),
    upSince: null,
    startedAt: null,
    stoppedAt: null,
    asleepSince: null,
  };
}

/** Whether the unit is down, and only a command will start it. */
export function isDown(unit: Pick<Unit, 'state'>): boolean {
  return isDownState(unit.state);
}

/** `now` is monotonic, in milliseconds. */
export function statusOf(unit: Unit, now: number): ProgramStatus {
  const { program, state, run, lastExit } = unit;
  const name = stateName(state);
  const uptime = run !== null && unit.upSince !== null ? (now - unit.upSince) / 1000 : null;
  return {
    name: program.name,
    app: program.app,
    group: program.group,
    state: name,
    statecode: stateCodes[name],
    pid: run?.process.pid ?? null,
    uptime_seconds: uptime === null ? null : Math.max(0, Math.floor(uptime)),
    exitstatus: lastExit === null ? null : lastExit.signal !== null ? -1 : lastExit.code,
    spawnerr: spawnError(state),
    description: describe(unit, uptime ?? 0, now),
    run: state.run,
    started: unit.startedAt === null ? null : Math.floor(unit.startedAt / 1000),
    stopped: unit.stoppedAt === null ? null : Math.floor(unit.stoppedAt / 1000),
    idle_since: asleepSince(unit),
    reload_seconds: null,
    site: null,
    schedule: null,
  };
}

/** Of what has come to rest; Unix time in seconds. */
function asleepSince({ state, asleepSince }: Unit): number | null {
  return state.kind === 'stopped' && asleepSince !== null ? Math.floor(asleepSince / 1000) : null;
}

/** What a program that sleeps is described by, for whoever has other words for its state; null: it does not sleep. */
export function describeSleep(unit: Unit): string | null {
  if (asleepSince(unit) === null || unit.asleepSince === null) return null;
  const what = unit.program.sleepsWithApp === true ? 'its app' : 'the next request';
  return `idle since ${shortly(unit.asleepSince)}, starts with ${what}`;
}

function describe(unit: Unit, uptime: number, now: number): string {
  const { state, run, lastExit } = unit;
  const last = lastExit === null ? '' : ` (${describeExit(lastExit)})`;
  switch (state.kind) {
    case 'running':
      return `pid ${run?.process.pid ?? '?'}, uptime ${formatUptime(uptime)}${historyOf(unit).describe(at => since(Date.now() - (now - at)).trim())}${notesOf(unit)}`;
    case 'starting':
      return [
        run === null ? [] : `pid ${run.process.pid}`,
        unit.waitsFor === null ? [] : `waits for ${unit.waitsFor}`,
      ]
        .flat()
        .join(', ');
    case 'stopping':
      return `pid ${run?.process.pid ?? '?'}, waits for it to end`;
    case 'backoff':
      return `${state.why}${last}, try ${state.tries + 1} in ${Math.max(0, Math.ceil((state.until - now) / 1000))} s`;
    case 'fatal':
      return `${state.why}${last}`;
    case 'exited':
      return `${describeExit(state.how)}${since(unit.stoppedAt)}`;
    case 'stopped':
      return describeSleep(unit) ?? (unit.stoppedAt === null ? 'Not started' : since(unit.stoppedAt).trim());
  }
}

function notesOf({ unasked, upkeep, killed, refused, unbound }: Unit): string {
  const notes = [unasked === null ? null : `health unknown: ${unasked}`, upkeep, killed, refused, unbound];
  return notes.flatMap(note => (note === null ? [] : `, ${note}`)).join('');
}

/** The time of day; of another day the date too. */
function shortly(at: number): string {
  const [day = '', time = ''] = since(at).trim().split(' ');
  const [today] = since(Date.now()).trim().split(' ');
  return day === today ? time.slice(0, 5) : `${day} ${time.slice(0, 5)}`;
}

function since(at: number | null): string {
  return at === null ? '' : ` ${localTime(at)}`;
}
