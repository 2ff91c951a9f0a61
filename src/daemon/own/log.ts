// hostd's own log: JSON lines by pino on stderr or in a file, readable lines where stderr is a terminal.
// Writing is asynchronous and bounded, so that a stalled reader of stderr cannot stop hostd.

import { isatty } from 'node:tty';
import { destination, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { openForAppending } from '../../linux/paths.ts';
import { bounded, errorParts, inertLine } from './log-text.ts';
import { readableLine } from './readable-log.ts';

export type { Logger };

/** Characters that wait for a stalled reader. More are dropped. */
const mostWaiting = 4 * 1024 * 1024;

/** The log, and `flush`, which writes what still waits before the process ends. */
export function openLog(level: string, file: string | null): { log: Logger; flush: () => void } {
  const logMethod: NonNullable<LoggerOptions['hooks']>['logMethod'] = function (args, method) {
    const cut = args.map(part => (typeof part === 'string' ? bounded(part) : part));
    method.apply(this, cut as typeof args);
  };
  const options = {
    level,
    hooks: { logMethod, streamWrite: inertLine },
    serializers: { err: errorParts },
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: levelName },
  };
  const fd =
    file === null
      ? 2
      : openForAppending(file, { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 });
  const stream = destination({ fd, sync: false, maxLength: mostWaiting });
  // A broken log (a closed pipe, a full disk) must not end hostd.
  stream.on('error', () => {});
  const flush = () => {
    try {
      stream.flushSync();
    } catch {
      // Nobody is left to be told.
    }
  };
  const isRead = file === null && isatty(2);
  const lines = isRead ? { write: (line: string) => void stream.write(readableLine(line)) } : stream;
  return { log: pino(options, lines), flush };
}

function levelName(label: string): { level: string } {
  return { level: label };
}
