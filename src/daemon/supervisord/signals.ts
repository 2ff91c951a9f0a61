// What hostd supervisord does at a signal: Supervisor's meanings (supervisord.py of 4.2.5), and SIGUSR1, which ends it and no process of it.

import { constants } from 'node:os';
import { messageOf } from '../../errors.ts';
import { native } from '../../native/index.ts';
import type { Logs } from '../logs/logs.ts';
import { passEarlySignals } from '../own/early-signals.ts';
import type { Logger } from '../own/log.ts';
import type { Ending } from './ending.ts';
import type { MainLog } from './log.ts';

/** Those that have come since the start are answered at once. */
export function handleSignals(ending: Ending, logs: Logs, main: MainLog, log: Logger): void {
  // Without a program and a server there would be nothing to wait for, and Node would end.
  setInterval(() => {}, 2 ** 31 - 1);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
    process.on(signal, () => {
      log.warn(`received ${signal} indicating exit request`);
      ending.shutdown();
    });
  process.on('SIGHUP', () => {
    if (ending.mood() === -1) log.warn('ignored SIGHUP indicating restart request (shutdown in progress)');
    else {
      log.warn('received SIGHUP indicating restart request');
      ending.restart();
    }
  });
  process.on('SIGUSR1', () => {
    log.warn('received SIGUSR1: ending, and leaving all processes as they are');
    ending.leave();
  });
  process.on('SIGUSR2', () => {
    log.info('received SIGUSR2 indicating log reopen request');
    log.info('supervisord logreopen');
    main.reopen();
    for (const watched of logs.of(null).logs)
      void watched
        .reopen()
        .catch(error => log.warn(`cannot reopen "${watched.source.path}": ${messageOf(error)}`));
  });
  process.on('uncaughtException', error => {
    log.error({ err: error }, `internal error: ${messageOf(error)}`);
  });
  passEarlySignals();
  main.begun();
  native.unblock(constants.signals.SIGUSR1);
}
