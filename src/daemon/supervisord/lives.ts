// What Supervisor tells of each process besides its state: when it was last started and ended, and what was wrong. Also the lines
// of its log, in Supervisor's words (process.py of 4.2.5).

import type { Exit } from '../../lifecycle/process.ts';
import { aboutOf } from '../../model/about.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Words } from '../fleet/words.ts';
import type { Logger } from '../own/log.ts';

export interface Life {
  /** Unix times in milliseconds; 0: never. */
  started: number;
  stopped: number;
  /** "": nothing was wrong. */
  spawnerr: string;
  /** null: no run has ended, or the run did not count. -1: a signal has ended it. */
  exitstatus: number | null;
}

export interface Lives extends Words {
  /** The life of the program with this name. */
  of(name: string): Life;
  /** The program does not exist any more. */
  forget(name: string): void;
}

export function makeLives(log: Logger, isEnding: () => boolean): Lives {
  const lives = new Map<string, Life>();
  const of = (name: string): Life => {
    const life = lives.get(name) ?? { started: 0, stopped: 0, spawnerr: '', exitstatus: null };
    lives.set(name, life);
    return life;
  };
  const begin = (unit: Unit, spawnerr: string) =>
    Object.assign(of(unit.program.name), { started: Date.now(), spawnerr, exitstatus: null });
  const nameOf = (unit: Unit) => aboutOf(unit.program).process;
  return {
    of,
    forget: name => void lives.delete(name),
    spawned(unit, pid) {
      begin(unit, '');
      log.info(`spawned: '${nameOf(unit)}' with pid ${pid}`);
    },
    failed(unit, why) {
      begin(unit, why);
      log.info(`spawnerr: ${why}`);
    },
    ended(unit, how) {
      // Supervisor hears of the signal after it has looked at the children.
      setImmediate(() => log.debug('received SIGCHLD indicating a child quit'));
      const life = of(unit.program.name);
      life.stopped = Date.now();
      const status = how.signal !== null ? -1 : (how.code ?? -1);
      const isExpected = how.signal === null && unit.policy.exitcodes.includes(status);
      const what = wordsOfExit(how);
      if (unit.state.kind === 'stopping') {
        life.exitstatus = status;
        log[isExpected ? 'info' : 'warn'](`stopped: ${nameOf(unit)} (${what})`);
        return;
      }
      const { state, policy } = unit;
      const isTooSoon =
        state.kind === 'starting' &&
        (state.since === null || performance.now() - state.since < policy.startsecs);
      if (isTooSoon) {
        life.exitstatus = null;
        life.spawnerr = 'Exited too quickly (process log may have details)';
        log.warn(`exited: ${nameOf(unit)} (${what}; not expected)`);
        return;
      }
      life.exitstatus = status;
      if (!isExpected) life.spawnerr = `Bad exit code ${status}`;
      log[isExpected ? 'info' : 'warn'](
        `exited: ${nameOf(unit)} (${what}; ${isExpected ? 'expected' : 'not expected'})`,
      );
    },
    stopping(unit, signal) {
      const group = unit.program.stopasgroup ? 'process group ' : '';
      log.debug(`killing ${nameOf(unit)} (pid ${unit.run?.process.pid ?? 0}) ${group}with signal ${signal}`);
    },
    killing(unit, pid) {
      const name = nameOf(unit);
      const group = unit.program.killasgroup ? 'process group ' : '';
      log.warn(`killing '${name}' (${pid}) with SIGKILL`);
      log.debug(`killing ${name} (pid ${pid}) ${group}with signal SIGKILL`);
    },
    changed(unit, before) {
      const { state, program } = unit;
      if (before.kind === state.kind && before.run === state.run) return;
      const name = nameOf(unit);
      if (state.kind === 'stopped' && before.kind === 'backoff' && !isEnding())
        log.debug(`Attempted to kill ${name}, which is in BACKOFF state.`);
      if (state.kind === 'running' && before.kind === 'starting')
        log.info(
          `success: ${name} entered RUNNING state, process has stayed up for > than ${program.startsecs} seconds (startsecs)`,
        );
      // Supervisor gives up in its next turn.
      if (state.kind === 'fatal')
        setImmediate(() =>
          log.info(`gave up: ${name} entered FATAL state, too many start retries too quickly`),
        );
    },
  };
}

/** "exit status 3", "terminated by SIGKILL". */
export function wordsOfExit({ code, signal, dumped }: Exit): string {
  // The exit of a process that an earlier supervisord has started is told to nobody.
  if (signal === null && code === null) return 'exit status unknown';
  return signal === null ? `exit status ${code}` : `terminated by ${signal}${dumped ? ' (core dumped)' : ''}`;
}
