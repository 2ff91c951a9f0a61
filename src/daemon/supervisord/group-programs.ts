// Makes a group's programs when it is put into force: their logs with AUTO get files, and a FastCGI group gets its socket, which is closed
// when the last of its processes has ended.

import type { Program } from '../../model/host.ts';
import type {
  FastCgiSocket,
  GroupConfig,
  ProcessConfig,
  Supervisord,
} from '../../supervisord/config/config.ts';
import type { Realized } from '../../supervisord/config/options.ts';
import { logLevels } from '../../supervisord/config/values.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { isDown, type Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import type { AutoPath } from './answers.ts';
import { makeAutoLog } from './auto-logs.ts';
import { type FastCgiSockets, tryOut } from './fastcgi.ts';
import { programsOf } from './programs.ts';

/** Keys of [supervisord] that a reread takes over at once. An option of the command line wins for ever. */
export type OwnKeys = Pick<Supervisord, 'identifier' | 'childlogdir' | 'stripAnsi'>;

export interface GroupProgramsContext {
  readonly supervisor: Supervisor;
  readonly fastCgi: FastCgiSockets;
  readonly real: Realized;
  readonly own: () => OwnKeys;
  /** The log files of processes that go on. */
  readonly usedLogs: ReadonlySet<string>;
  readonly log: Logger;
}

export interface GroupPrograms {
  of(config: GroupConfig): readonly Program[];
  readonly autoLog: AutoPath;
  /** What the start puts into force is there. The socket of a group that comes from now on is tried out first, as Supervisor does. */
  begun(): void;
}

export function makeGroupPrograms(context: GroupProgramsContext): GroupPrograms {
  const { supervisor, fastCgi, real, own, usedLogs, log } = context;
  const autoLogs = new WeakMap<ProcessConfig, { stdout?: string; stderr?: string }>();
  let isBegun = false;
  const keepSocket = (socket: FastCgiSocket, programs: readonly Program[]) => {
    fastCgi.know(socket);
    for (const { name } of programs) {
      const run = supervisor.unit(name)?.run ?? null;
      if (run !== null) fastCgi.take(socket, run.process.pid);
    }
  };
  closeUnusedSockets(supervisor, fastCgi);
  return {
    of(config) {
      if (config.kind === 'fcgi' && isBegun) tryOut(config.socket, log);
      const { stripAnsi, childlogdir, identifier } = own();
      const output = { stripAnsi, echo: real.loglevel <= logLevels.debug };
      const programs = programsOf(config, real.file, output, (process, name, channel) => {
        const path = supervisor.unit(name)?.program[channel]?.path ?? null;
        // A process that runs on writes to the log that it has.
        const chosen =
          path !== null && usedLogs.has(path)
            ? path
            : makeAutoLog(childlogdir, process.name, channel, identifier);
        autoLogs.set(process, { ...autoLogs.get(process), [channel]: chosen });
        return chosen;
      });
      if (config.kind === 'fcgi') keepSocket(config.socket, programs);
      return programs;
    },
    autoLog: (process, channel) => autoLogs.get(process)?.[channel],
    begun: () => {
      isBegun = true;
    },
  };
}

function closeUnusedSockets(supervisor: Supervisor, fastCgi: FastCgiSockets): void {
  supervisor.loop.observe(({ changes }) => {
    for (const { unit } of changes) {
      const url = unit.program.supervisord?.fastCgi ?? null;
      const isOver = ({ program, state }: Unit) => program.supervisord?.fastCgi !== url || isDown({ state });
      if (url !== null && isDown(unit) && supervisor.units().every(isOver)) fastCgi.close(url);
    }
  });
}
