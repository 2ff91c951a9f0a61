// Root's answers to hostd-rpc for a supervisord.conf: what Supervisor's own interface does (rpcinterface.py of 4.2.5). A client that may
// connect may do all of it. The socket's mode and its password decide who may connect.

import { stateName } from '../../lifecycle/view.ts';
import { nameOfSignal } from '../../linux/signals.ts';
import type { LogFile, Program } from '../../model/host.ts';
import { stateCodes } from '../../model/state.ts';
import { native } from '../../native/index.ts';
import type { ConfigInfo, GroupInfo, LogConfig, Mood, ProcessInfo, ProcessName } from '../../protocol/rpc.ts';
import type { Channel, GroupConfig, ProcessConfig } from '../../supervisord/config/config.ts';
import { ConfigError } from '../../supervisord/config/values.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Logs } from '../logs/logs.ts';
import type { Logger } from '../own/log.ts';
import { type Answers, Refusal } from '../rpc/channel.ts';
import { clearLog, followLog, type OwnedLog, readLog } from '../rpc/logs.ts';
import { writeInput } from '../rpc/stdin.ts';
import { commandOf, NotStarted } from './birth.ts';
import type { ActiveGroup, Groups } from './groups.ts';
import type { Lives } from './lives.ts';

export interface AnswersContext {
  readonly supervisor: Supervisor;
  readonly groups: Groups;
  readonly lives: Lives;
  readonly logs: Logs;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string>>;
  /** null: the log goes to syslog. */
  readonly mainLog: string | null;
  readonly reopenMainLog: () => void;
  /** The file of a log with AUTO in the configuration; undefined: the process is not in force. */
  readonly autoLog: AutoPath;
  readonly mood: () => Mood;
  /** Reads the configuration anew. @throws ConfigError */
  readonly reread: () => void;
  readonly shutdown: () => void;
  readonly restart: () => void;
  readonly remoteEvent: (type: string, data: string) => void;
}

export type AutoPath = (process: ProcessConfig, channel: 'stdout' | 'stderr') => string | undefined;

const up: ReadonlySet<string> = new Set(['RUNNING', 'STARTING', 'BACKOFF']);
const signallable: ReadonlySet<string> = new Set(['RUNNING', 'STARTING', 'STOPPING']);
const down: ReadonlySet<string> = new Set(['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN']);

/** Milliseconds between two lines in the log that say that a process is waited for. */
const reportEvery = 2000;

export function makeAnswers(context: AnswersContext): Answers {
  const { supervisor, groups, lives, logs, log } = context;
  const find = ({ group, name }: ProcessName): Program => {
    const program = groups.program(group, name);
    if (program === undefined) throw new Refusal('BAD_NAME');
    return program;
  };
  const stateOf = (program: Program) => {
    const unit = groups.unit(program);
    return unit === undefined ? 'STOPPED' : stateName(unit.state);
  };
  /** Resolves when `look` returns true. It is called after each change of the program's state. */
  const when = (program: Program, look: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const begun = context.mood();
      const ask = () => {
        try {
          if (context.mood() < begun) throw new Refusal('SHUTDOWN_STATE');
          if (!look()) return false;
          resolve();
        } catch (error) {
          reject(error);
        }
        return true;
      };
      if (ask()) return;
      const quiet = supervisor.loop.listen(unit => {
        if (unit.program.name === program.name && ask()) quiet();
      });
    });
  const own = (path: string): OwnedLog => ({
    path,
    owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
  });
  const logOf = (program: Program, channel: 'stdout' | 'stderr') => {
    const path = program[channel]?.path ?? null;
    return path === null ? null : own(path);
  };
  const mainLog = () => (context.mainLog === null ? null : own(context.mainLog));

  return {
    processes: ({ groups: names }) =>
      groups
        .active()
        .filter(({ config }) => names?.includes(config.name) ?? true)
        .map(group => describeGroup(group, groups, lives)),
    configurations: () =>
      groups.configured().flatMap(config => {
        const inuse = groups.find(config.name) !== undefined;
        return config.processes.map(process => describeConfig(config, process, inuse, context.autoLog));
      }),
    async start({ wait, ...process }) {
      const program = find(process);
      assertCommand(program, context.environment);
      const state = stateOf(program);
      if (up.has(state)) throw new Refusal('ALREADY_STARTED');
      const { name } = program;
      if (state === 'STOPPING') log.warn(`process '${process.name}' already running`);
      else supervisor.loop.ask(name, { kind: 'start' }, () => {});
      const check = () => {
        const now = stateOf(program);
        if (now === 'RUNNING') return true;
        if (now === 'STARTING') return false;
        throw new Refusal(lives.of(name).spawnerr === '' ? 'ABNORMAL_TERMINATION' : 'SPAWN_ERROR');
      };
      if (wait) await when(program, check);
      else if (stateOf(program) === 'BACKOFF') check();
      return true;
    },
    async stop({ wait, ...process }) {
      const program = find(process);
      if (!up.has(stateOf(program))) throw new Refusal('NOT_RUNNING');
      supervisor.loop.ask(program.name, { kind: 'stop' }, () => {});
      if (!wait || down.has(stateOf(program))) return true;
      const say = () => log.info(`waiting for ${process.name} to stop`);
      // Said even of a process that ends soon, as in Supervisor: it looks once, and that is at once.
      say();
      const reports = setInterval(say, reportEvery);
      try {
        await when(program, () => down.has(stateOf(program)));
      } finally {
        clearInterval(reports);
      }
      return true;
    },
    signal({ signal, ...process }) {
      const program = find(process);
      const unit = groups.unit(program);
      if (!signallable.has(stateOf(program))) throw new Refusal('NOT_RUNNING');
      const { run } = unit as Unit;
      if (run === null) return true;
      log.debug(`sending ${process.name} (pid ${run.process.pid}) sig ${nameOfSignal(signal)}`);
      native.pidfdSignal(run.pidfd, signal);
      return true;
    },
    reread() {
      try {
        context.reread();
      } catch (error) {
        throw error instanceof ConfigError ? new Refusal('CANT_REREAD', error.message) : error;
      }
      return groups.difference();
    },
    addGroup({ group }) {
      const config = groups.configured().find(({ name }) => name === group);
      if (config === undefined) throw new Refusal('BAD_NAME');
      if (groups.find(group) !== undefined) throw new Refusal('ALREADY_ADDED');
      groups.add(config);
      return true;
    },
    removeGroup({ group }) {
      if (groups.find(group) === undefined) throw new Refusal('BAD_NAME');
      if (!groups.remove(group)) throw new Refusal('STILL_RUNNING');
      return true;
    },
    readLog({ log: which, offset, length }) {
      if (which === 'main' && context.mainLog === null) throw new Refusal('NO_FILE', 'syslog');
      return readLog(which === 'main' ? mainLog() : logOf(find(which), which.channel), offset, length);
    },
    async clearLog(which) {
      if ('log' in which) {
        const path = mainLog();
        if (path === null) throw new Refusal('NO_FILE');
        readLog(path, 0, 0);
        log.info('reopening log file');
        await clearLog(path);
        context.reopenMainLog();
        return true;
      }
      const program = find(which);
      // Supervisor has the logs of running processes open, and no others.
      if ((groups.unit(program)?.run ?? null) === null) return true;
      const { logs: kept } = logs.of(null);
      for (const channel of ['stdout', 'stderr'] as const) await clearLog(logOf(program, channel), kept);
      return true;
    },
    follow: ({ log: which, bytes }, _, sink) =>
      followLog(
        which === 'main' ? mainLog() : logOf(find(which), which.channel),
        bytes,
        sink,
        logs.followers,
      ),
    writeStdin({ bytes, ...process }) {
      const program = find(process);
      const unit = groups.unit(program);
      if (unit === undefined || unit.run === null || unit.state.kind === 'stopping')
        throw new Refusal('NOT_RUNNING');
      writeInput(program, unit.run, Buffer.from(bytes, 'base64'));
      return true;
    },
    remoteEvent({ type, data }) {
      context.remoteEvent(type, data);
      return true;
    },
    shutdown() {
      context.shutdown();
      return true;
    },
    restart() {
      context.restart();
      return true;
    },
  };
}

/** @throws Refusal */
function assertCommand(program: Program, environment: Readonly<Record<string, string>>): void {
  if (program.supervisord === undefined) return;
  try {
    commandOf(program, program.supervisord, environment);
  } catch (error) {
    throw error instanceof NotStarted ? new Refusal(error.fault, error.message) : error;
  }
}

function describeGroup({ config, programs }: ActiveGroup, groups: Groups, lives: Lives): GroupInfo {
  return {
    name: config.name,
    priority: config.priority,
    processes: programs.map((program): ProcessInfo => {
      const unit = groups.unit(program);
      const life = lives.of(program.name);
      const seconds = (ms: number) => Math.floor(ms / 1000);
      const path = (log: LogFile | null) => log?.path ?? '';
      return {
        name: program.supervisord?.process ?? program.name,
        priority: program.priority,
        state: stateCodes[unit === undefined ? 'STOPPED' : stateName(unit.state)],
        start: seconds(life.started || (unit?.startedAt ?? 0)),
        stop: seconds(life.stopped),
        startsAtOnce: program.startsecs === 0,
        spawnerr: life.spawnerr,
        exitstatus: life.exitstatus ?? 0,
        pid: unit?.run?.process.pid ?? 0,
        stdoutLogfile: path(program.stdout),
        stderrLogfile: path(program.stderr),
        description: null,
      };
    }),
  };
}

function describeConfig(
  group: GroupConfig,
  process: ProcessConfig,
  inuse: boolean,
  autoLog: AutoPath,
): ConfigInfo {
  return {
    group: group.name,
    name: process.name,
    groupPriority: group.priority,
    priority: process.priority,
    inuse,
    autostart: process.autostart,
    directory: process.directory,
    uid: process.uid,
    command: process.command,
    exitcodes: process.exitcodes,
    killasgroup: process.killasgroup,
    redirectStderr: process.redirectStderr,
    startretries: process.startretries,
    startsecs: process.startsecs,
    stopsignal: process.stopsignal,
    stopwaitsecs: process.stopwaitsecs,
    serverurl: process.serverurl,
    stdout: describeLog(process.stdout, autoLog(process, 'stdout')),
    stderr: describeLog(process.stderr, autoLog(process, 'stderr')),
  };
}

function describeLog(channel: Channel, auto = 'auto'): LogConfig {
  const { log } = channel;
  return {
    captureMaxbytes: channel.captureMaxBytes,
    eventsEnabled: channel.eventsEnabled,
    logfile: log.kind === 'file' ? log.path : log.kind === 'auto' ? auto : null,
    backups: channel.backups,
    maxbytes: channel.maxBytes,
    syslog: channel.syslog,
  };
}
