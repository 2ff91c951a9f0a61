// What hostd's log says of its programs' lives. `hostd supervisord` says it in Supervisor's words.

import type { Exit } from '../../lifecycle/process.ts';
import { describeExit } from '../../lifecycle/view.ts';
import type { SignalName } from '../../model/host.ts';
import type { Logger } from '../own/log.ts';
import { statusOf, type Unit } from './unit.ts';

/** Each is called at the moment of the event, while the unit still has the state before. */
export interface Words {
  spawned(unit: Unit, pid: number, run: number): void;
  /** The program could not be started. */
  failed(unit: Unit, why: string): void;
  ended(unit: Unit, how: Exit, run: number): void;
  stopping(unit: Unit, signal: SignalName): void;
  killing(unit: Unit, pid: number): void;
  /** The unit's state has changed. */
  changed(unit: Unit, before: Unit['state']): void;
}

export function hostdsWords(log: Logger): Words {
  return {
    spawned({ program: { name } }, pid, run) {
      log.info({ program: name, pid, run }, `spawned: '${name}' with pid ${pid}`);
    },
    // The change of state says it.
    failed() {},
    ended({ program: { name } }, how, run) {
      log.info({ program: name, run, ...how }, `exited: ${name} (${describeExit(how)})`);
    },
    stopping({ program: { name } }, signal) {
      log.info({ program: name, signal }, `stopping ${name} with ${signal}`);
    },
    killing({ program: { name, stopwaitsecs } }, pid) {
      log.warn({ program: name }, `killing '${name}' (${pid}) with SIGKILL after ${stopwaitsecs} s`);
    },
    changed: (unit, before) => logChange(log, unit, before),
  };
}

function logChange(log: Logger, unit: Unit, before: Unit['state']): void {
  const { name } = unit.program;
  const { state } = unit;
  if (before.kind === state.kind && before.run === state.run) return;
  switch (state.kind) {
    case 'running':
      log.info({ program: name, run: state.run }, `success: ${name} entered RUNNING state`);
      break;
    case 'backoff':
      log.warn(
        { program: name },
        `${name} entered BACKOFF state: ${statusOf(unit, performance.now()).description}`,
      );
      break;
    case 'fatal':
      log.error({ program: name }, `gave up: ${name} entered FATAL state: ${state.why}`);
      break;
    case 'stopped':
      log.info({ program: name }, `stopped: ${name}`);
      break;
    default:
      break;
  }
}
