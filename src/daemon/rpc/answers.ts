// Root's answers to hostd-rpc about the programs and apps that are declared in TOML: nobody gets more than a member of the operators'
// group may have over the control socket.

import { constants } from 'node:os';
import { HostdError, messageOf } from '../../errors.ts';
import { stateName } from '../../lifecycle/view.ts';
import { native } from '../../native/index.ts';
import type { Mood, ProcessName } from '../../protocol/rpc.ts';
import { refusal } from '../callers/permissions.ts';
import { standingIn } from '../callers/standing.ts';
import type { Ending } from '../ending.ts';
import type { Asker } from '../fleet/asker.ts';
import { ask, start } from '../fleet/orders.ts';
import { askedBy, type Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';
import { update } from '../fleet/update.ts';
import type { Logs } from '../logs/logs.ts';
import type { Logger } from '../own/log.ts';
import { environmentOf, findCommand, groupOf, userOf } from '../runs/launch.ts';
import type { Records } from '../runs/records.ts';
import { type Answers, Refusal } from './channel.ts';
import { makeGroups } from './groups.ts';
import { clearLog, followLog, logOf, type OwnedLog, readLog } from './logs.ts';
import { writeInput } from './stdin.ts';
import { describeConfig, describeGroups, isShown, processName, supervisorWords } from './view.ts';

export interface AnswersContext {
  readonly supervisor: Supervisor;
  readonly records: Records;
  readonly logs: Logs;
  readonly ending: Ending;
  readonly log: Logger;
  /** Called when hostd is about to start anew, and when it has done so. */
  readonly setMood: (mood: Mood) => void;
}

const up: ReadonlySet<string> = new Set(['RUNNING', 'STARTING', 'BACKOFF']);
const signallable: ReadonlySet<string> = new Set(['RUNNING', 'STARTING', 'STOPPING']);
const signalNames = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

export function makeAnswers(context: AnswersContext): Answers {
  const { supervisor, records, logs, ending, log, setMood } = context;
  const groups = makeGroups(supervisor, log);
  const shown = () => supervisor.units().filter(({ program }) => isShown(program));
  const find = ({ group, name }: ProcessName): Unit => {
    const unit = shown().find(({ program }) => program.group === group && processName(program) === name);
    if (unit === undefined) throw new Refusal('BAD_NAME');
    return unit;
  };
  const isIn = (unit: Unit, states: ReadonlySet<string>) => states.has(stateName(unit.state));
  /** @throws Refusal where an operator may not do this to this program */
  const assertMay = ({ program }: Unit, act: string, signal: string | null = null) => {
    // Without root everything belongs to one user, and nothing has to be kept from hostd-rpc.
    if (process.geteuid?.() !== 0) return;
    const target = { name: program.name, standing: standingIn(program, supervisor.host()) };
    const why = refusal('operator', act, target, signal);
    // Even where the client is said to be root: hostd-rpc could say so of anybody.
    if (why !== null)
      throw new Refusal('FAILED', why.replace('and you are not root', 'so that is for hostctl, as root'));
  };
  const tellWho = (uid: number | null, what: string) =>
    log.info({ uid }, `rpc: ${uid === null ? 'whoever has the password' : `uid ${uid}`} asks for ${what}`);
  const askerOf = (uid: number | null, what: string): Asker => ({
    what,
    user: uid === null ? "Supervisor's client" : (native.user(uid)?.name ?? String(uid)),
  });
  const asked = (uid: number | null, what: string) => askedBy(askerOf(uid, what), supervisor);
  const mainLog = (): OwnedLog | null => {
    const path = supervisor.host().settings.logFile;
    const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
    return path === null ? null : { path, owner };
  };

  return {
    processes: ({ groups: names }) => {
      const wanted = names === null ? null : new Set(names);
      const units = shown().filter(({ program }) => wanted?.has(program.group) ?? true);
      return describeGroups(units, groups.rank);
    },
    configurations: () => {
      const inUse = new Set(shown().map(({ program }) => program.group));
      return groups.configured().programs.map(program => describeConfig(program, inUse));
    },
    async start({ wait, isOneOfMany, ...process }, uid) {
      const unit = find(process);
      const { name, schedule } = unit.program;
      // Whoever starts a group wants none of its scheduled programs to be run at once.
      if (isOneOfMany && schedule !== null) {
        records.setStopped(name, false);
        await ask(supervisor, name, { kind: 'await' }, () => {});
        return true;
      }
      assertCommand(unit);
      if (isIn(unit, up)) throw new Refusal('ALREADY_STARTED');
      tellWho(uid, `start of ${name}`);
      records.setStopped(name, false);
      const started = ask(asked(uid, 'start'), name, { kind: 'start' }, () => {});
      if (!wait) {
        const now = supervisor.unit(name)?.state.kind;
        if (now === 'backoff' || now === 'fatal') throw new Refusal('SPAWN_ERROR');
        return true;
      }
      const { outcome } = await started;
      if (outcome.kind === 'done' || outcome.kind === 'already') return true;
      if (outcome.kind === 'failed' && outcome.state.kind !== 'exited') throw new Refusal('SPAWN_ERROR');
      throw new Refusal('ABNORMAL_TERMINATION');
    },
    async stop({ wait, ...process }, uid) {
      const unit = find(process);
      const { name, schedule } = unit.program;
      if (!isIn(unit, up) && schedule === null) throw new Refusal('NOT_RUNNING');
      tellWho(uid, `stop of ${name}`);
      records.setStopped(name, true);
      const stopped = ask(asked(uid, 'stop'), name, { kind: 'stop' }, () => {});
      if (wait) await stopped;
      return true;
    },
    signal({ signal: number, ...process }, uid) {
      const unit = find(process);
      const signal = signalNames.get(number);
      if (!isIn(unit, signallable)) throw new Refusal('NOT_RUNNING');
      // Signal 0 only asks whether the process is there: kill(2).
      if (number === 0) return true;
      if (signal === undefined)
        throw new Refusal('FAILED', `cannot send signal ${number}: hostd knows no name for it`);
      assertMay(unit, 'POST /signal', signal);
      tellWho(uid, `${signal} to ${unit.program.name}`);
      if (!supervisor.signal(unit, signal)) throw new Refusal('NOT_RUNNING');
      return true;
    },
    reread: (_, uid) => {
      tellWho(uid, 'reread');
      return groups.reread();
    },
    async addGroup({ group }, uid) {
      tellWho(uid, `group ${group} to be added`);
      await groups.add(group);
      return true;
    },
    async removeGroup({ group }, uid) {
      tellWho(uid, `group ${group} to be removed`);
      await groups.remove(group);
      return true;
    },
    readLog: ({ log: which, offset, length }) =>
      readLog(which === 'main' ? mainLog() : logOf(find(which).program, which.channel), offset, length),
    async clearLog(which, uid) {
      if ('log' in which) {
        tellWho(uid, 'its own log to be cleared');
        const own = mainLog();
        if (own === null) throw new Refusal('NO_FILE');
        await clearLog(own);
        return true;
      }
      const { program } = find(which);
      tellWho(uid, `the logs of ${program.name} to be cleared`);
      const { logs: kept } = logs.of(null);
      for (const channel of ['stdout', 'stderr'] as const) await clearLog(logOf(program, channel), kept);
      return true;
    },
    follow: ({ log: which, bytes }, _, sink) => {
      const followed = which === 'main' ? mainLog() : logOf(find(which).program, which.channel);
      return followLog(followed, bytes, sink, logs.followers);
    },
    writeStdin({ bytes, ...process }, uid) {
      const unit = find(process);
      if (unit.run === null || unit.state.kind === 'stopping') throw new Refusal('NOT_RUNNING');
      assertMay(unit, 'attach');
      tellWho(uid, `input to ${unit.program.name}`);
      writeInput(unit.program, unit.run, Buffer.from(bytes, 'base64'));
      return true;
    },
    remoteEvent({ type, data }) {
      supervisor.events.emit({ kind: 'remote-communication', type, data });
      return true;
    },
    shutdown(_, uid) {
      tellWho(uid, 'shutdown');
      detached(ending.shutdown(false, () => {}, askerOf(uid, 'shutdown')));
      return true;
    },
    restart(_, uid) {
      tellWho(uid, 'restart');
      setMood(0);
      detached(startAnew(asked(uid, 'restart')));
      return true;
    },
  };

  /** Stops everything, reads the configuration, and starts what starts with hostd. */
  async function startAnew(as: Supervisor): Promise<void> {
    const quiet = () => {};
    await Promise.all(shown().map(({ program }) => ask(as, program.name, { kind: 'stop' }, quiet)));
    await update(as, log, quiet);
    const wanted = shown().filter(({ program }) => program.autostart);
    for (const { program } of wanted) records.setStopped(program.name, false);
    setMood(1);
    const programs = wanted.map(({ program }) => program);
    await start(as, programs, quiet);
  }

  function detached(work: Promise<unknown>): void {
    work.catch(error => log.error({ err: error }, messageOf(error)));
  }
}

/** Checks what Supervisor checks before it tries a start. @throws Refusal in Supervisor's words */
function assertCommand({ program }: Unit): void {
  try {
    const user = userOf(program);
    const path = environmentOf(program, user, {})['PATH'] ?? '';
    findCommand(program, path, { uid: user.uid, gid: groupOf(program, user) });
  } catch (error) {
    if (!(error instanceof HostdError)) throw error;
    const words = supervisorWords(error.message);
    if (words.startsWith("can't find command")) throw new Refusal('NO_FILE', words);
    if (words.endsWith('is not executable')) throw new Refusal('NOT_EXECUTABLE', words);
  }
}
