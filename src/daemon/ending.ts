// How hostd ends: it stops everything in order, leaves everything to the next hostd, or becomes a newer version of itself.

import { HostdError, messageOf } from '../errors.ts';
import type { Program } from '../model/host.ts';
import type { Pools } from './events/pools.ts';
import { type Asker, byOf, wordsOf } from './fleet/asker.ts';
import { type Report, stop } from './fleet/orders.ts';
import { askedBy, detach, type Supervisor } from './fleet/supervisor.ts';
import { reread, update } from './fleet/update.ts';
import type { Journal } from './journal/journal.ts';
import type { Logger } from './own/log.ts';
import { notifyStopping } from './own/notify.ts';
import type { Records } from './runs/records.ts';
import type { Schedules } from './schedules/schedules.ts';
import { becomeNewVersion, tryNewVersion } from './upgrade.ts';

export interface Ending {
  /** Resolves when everything is stopped or left. The process ends soon after that. */
  shutdown(keepApps: boolean, report: Report, asker: Asker): Promise<void>;
  /** Resolves when the new version is about to take over. Throws HostdError when hostd goes on as it is. */
  upgrade(report: Report, asker: Asker): Promise<void>;
}

/** Milliseconds for event listeners to hear how everything else has been stopped. */
const lastWords = 300;

/** `listeners`: the programs that are told of events. `journal`: its last events are written before hostd ends. */
export function makeEnding(
  supervisor: Supervisor,
  {
    listeners,
    schedules,
    journal,
  }: {
    readonly listeners: Pick<Pools, 'rest'>;
    readonly schedules: Pick<Schedules, 'end'>;
    readonly journal: Pick<Journal, 'close'>;
  },
  records: Records,
  config: string,
  log: Logger,
): Ending {
  let isEnding = false;
  const assertStays = () => {
    if (isEnding) throw new HostdError('conflict', 'cannot upgrade: hostd is ending');
  };
  return {
    async shutdown(keepApps, report, asker) {
      isEnding = true;
      schedules.end();
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
        const asked = askedBy(asker, supervisor);
        await stop(asked, others, tell);
        if (others.length < all.length) await listeners.rest(lastWords);
        await stop(asked, all.filter(isListener), tell);
        // The next start finds nothing stopped by a command.
        records.forgetStopped();
      }
      const cause = keepApps ? `${wordsOf(asker)}; its programs go on` : wordsOf(asker);
      supervisor.tell({ kind: 'hostd-ended', name: 'hostd', cause, ...byOf(asker) });
      await journal.close();
      log.info('hostd has ended');
      // After the answer to the command has been sent.
      setImmediate(() => process.exit(0));
    },
    async upgrade(report, asker) {
      assertStays();
      await tryNewVersion(config);
      assertStays();
      assertFindsPrograms(supervisor);
      log.info('hostd becomes the version on disk');
      supervisor.tell({ kind: 'hostd-upgraded', name: 'hostd', cause: wordsOf(asker), ...byOf(asker) });
      await journal.close();
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

/** Refuses an upgrade to a hostd that looks elsewhere for what runs, and would start it a second time. */
function assertFindsPrograms(supervisor: Supervisor): void {
  const keys = reread(supervisor).settings.flatMap(change => (change.takes === 'restart' ? change.keys : []));
  if (keys.length === 0) return;
  throw new HostdError(
    'conflict',
    `cannot upgrade: hostd runs with another ${keys.join(' and ')} than [hostd] says`,
    {
      hint: 'put the former back, or stop hostd and start it, which ends every app for a moment',
    },
  );
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
    detach(log, ending.shutdown(false, quiet, { what: signal, user: null }));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, end);
  process.on('SIGHUP', () => {
    log.info('received SIGHUP: rereading the configuration');
    detach(log, update(askedBy({ what: 'SIGHUP', user: null }, supervisor), log, quiet));
  });
  process.on('SIGUSR2', () => {
    log.info('received SIGUSR2: upgrading');
    detach(log, ending.upgrade(quiet, { what: 'SIGUSR2', user: null }));
  });
  process.on('uncaughtException', error => log.error({ err: error }, `internal error: ${messageOf(error)}`));
}
