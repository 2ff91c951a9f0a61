// How hostd ends: it stops everything in order, leaves everything to the next hostd, or becomes a newer version of itself.

import { HostdError, messageOf } from '../errors.ts';
import type { Program } from '../model/host.ts';
import type { Pools } from './events/pools.ts';
import { type Report, stop } from './fleet/orders.ts';
import { detach, type Supervisor } from './fleet/supervisor.ts';
import { update } from './fleet/update.ts';
import type { Logger } from './own/log.ts';
import { notifyStopping } from './own/notify.ts';
import type { Records } from './runs/records.ts';
import { becomeNewVersion, tryNewVersion } from './upgrade.ts';

export interface Ending {
  /** Resolves when everything is stopped or left. The process ends soon after that. */
  shutdown(keepApps: boolean, report: Report): Promise<void>;
  /** Resolves when the new version is about to take over. Throws HostdError when hostd goes on as it is. */
  upgrade(report: Report): Promise<void>;
}

/** Milliseconds for event listeners to hear how everything else has been stopped. */
const lastWords = 300;

/** `listeners`: the programs that are told of events. */
export function makeEnding(
  supervisor: Supervisor,
  listeners: Pick<Pools, 'rest'>,
  records: Records,
  config: string,
  log: Logger,
): Ending {
  let isEnding = false;
  const assertStays = () => {
    if (isEnding) throw new HostdError('conflict', 'cannot upgrade: hostd is ending');
  };
  return {
    async shutdown(keepApps, report) {
      isEnding = true;
      notifyStopping();
      supervisor.events.emit({ kind: 'supervisor-state', state: 'STOPPING' });
      if (keepApps) log.info('hostd ends; its programs go on, for the next hostd to adopt');
      else {
        // A program that is started after this point would outlive hostd.
        supervisor.loop.end();
        // Programs that are down are stopped too: an update may be about to start one.
        const tell: Report = progress => {
          if (progress.kind !== 'done' || progress.outcome !== 'noop') report(progress);
        };
        const all = supervisor.allPrograms();
        const isListener = ({ kind }: Program) => kind === 'listener';
        const others = all.filter(program => !isListener(program));
        await stop(supervisor, others, tell);
        if (others.length < all.length) await listeners.rest(lastWords);
        await stop(supervisor, all.filter(isListener), tell);
        // The next start finds nothing stopped by a command.
        records.forgetStopped();
      }
      log.info('hostd has ended');
      // After the answer to the command has been sent.
      setImmediate(() => process.exit(0));
    },
    async upgrade(report) {
      assertStays();
      await tryNewVersion(config);
      assertStays();
      log.info('hostd becomes the version on disk');
      report({ kind: 'done', name: 'hostd', outcome: 'ok', message: 'hostd: upgraded' });
      setImmediate(() => {
        try {
          becomeNewVersion(config, supervisor.sockets.held());
        } catch (error) {
          log.error({ err: error }, `${messageOf(error)}; hostd goes on as it is`);
        }
      });
    },
  };
}

/** SIGTERM, SIGINT, SIGQUIT: shut down; a second one kills. SIGHUP: update. SIGUSR2: upgrade. */
export function handleSignals(supervisor: Supervisor, ending: Ending, log: Logger): void {
  const quiet: Report = () => {};
  let stopping = false;
  const end = (signal: NodeJS.Signals) => {
    log.info(`received ${signal} indicating exit request`);
    if (stopping) {
      log.warn('asked a second time: killing what is left');
      supervisor.killAll();
      return;
    }
    stopping = true;
    detach(log, ending.shutdown(false, quiet));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, end);
  process.on('SIGHUP', () => {
    log.info('received SIGHUP: rereading the configuration');
    detach(log, update(supervisor, log, quiet));
  });
  process.on('SIGUSR2', () => {
    log.info('received SIGUSR2: upgrading');
    detach(log, ending.upgrade(quiet));
  });
  process.on('uncaughtException', error => log.error({ err: error }, `internal error: ${messageOf(error)}`));
}
