// supervisord's own log: its lines, its levels, its file, which is rotated by size, and its echo on standard output.

import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { errnoOf, messageOf } from '../../errors.ts';
import { openAsOwn } from '../../linux/paths.ts';
import type { Logger } from '../own/log.ts';
import { openEcho } from './echo.ts';

/** Level names by their numbers, as config/values.ts has them. */
const names = { 50: 'CRIT', 40: 'ERRO', 30: 'WARN', 20: 'INFO', 10: 'DEBG', 5: 'TRAC', 3: 'BLAT' } as const;
type Level = keyof typeof names;
/** The numbers of the other parts' levels. */
const numbers = { trace: 5, debug: 10, info: 20, warn: 30, error: 40, fatal: 50 } as const;

export interface LogSettings {
  /** Lines of a lower level are left out. */
  readonly level: number;
  /** "syslog", or a path. */
  readonly file: string;
  /** Bytes; 0: the file is never rotated. */
  readonly maxBytes: number;
  readonly backups: number;
  /** Whether the lines also go to standard output. */
  readonly echo: boolean;
  readonly umask: number;
}

export interface MainLog {
  /** The logger for the other parts of hostd. */
  readonly log: Logger;
  critical(message: string): void;
  /** Opens the file of that name anew, after somebody has moved it. */
  reopen(): void;
  /** The start is over: from now on a reader of standard output that stalls is not waited for. */
  begun(): void;
  /** Writes what still waits, before the process ends. */
  flush(): void;
  /** Calls back when standard output has all lines, or after a moment in which its reader has stalled. */
  settle(then: () => void): void;
}

/** @throws the errors of open(2). */
export function openMainLog(settings: LogSettings): MainLog {
  const { level, echo } = settings;
  const file = settings.file === 'syslog' ? null : new LogFile(settings);
  const stdout = echo ? openEcho(1) : null;
  const say = (of: Level, message: string) => {
    if (of < level) return;
    const line = `${timeText(new Date())} ${names[of]} ${message}\n`;
    stdout?.write(line);
    file?.write(line);
  };
  /** Called as pino is: with facts before the message, or without. */
  const at =
    (of: Level) =>
    (first: unknown, second?: unknown): void =>
      say(of, textOf(first, second));
  const log = {
    trace: at(numbers.trace),
    debug: at(numbers.debug),
    info: at(numbers.info),
    warn: at(numbers.warn),
    error: at(numbers.error),
    fatal: at(numbers.fatal),
    isLevelEnabled: (name: keyof typeof numbers) => numbers[name] >= level,
  } as unknown as Logger;
  return {
    log,
    critical: message => say(50, message),
    reopen: () => file?.reopen(),
    begun: () => stdout?.begun(),
    flush: () => stdout?.flush(),
    settle: then => (stdout === null ? then() : stdout.settle(then)),
  };
}

function textOf(first: unknown, second: unknown): string {
  if (typeof first === 'string') return first;
  const { err } = (first ?? {}) as { err?: unknown };
  const message = typeof second === 'string' ? second : err === undefined ? '' : messageOf(err);
  return err instanceof Error && err.stack !== undefined && errnoOf(err) === undefined
    ? `${message}\n${err.stack}`
    : message;
}

/** "2026-11-28 02:40:00,123", local time. */
function timeText(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`;
}

class LogFile {
  readonly #settings: LogSettings;
  #fd: number;

  constructor(settings: LogSettings) {
    this.#settings = settings;
    this.#fd = this.#open();
  }

  write(line: string): void {
    try {
      writeSync(this.#fd, line);
      if (this.#isDue()) this.#putAside();
    } catch {
      // A full disk, or a reader that went away, must not end supervisord.
    }
  }

  reopen(): void {
    const before = this.#fd;
    this.#fd = this.#open();
    closeSync(before);
  }

  #open(): number {
    const { file } = this.#settings;
    const own = /^\/(?:dev\/(?:stdout|fd\/1)|proc\/self\/fd\/1)$/.test(file) ? 1 : null;
    const other = /^\/(?:dev\/(?:stderr|fd\/2)|proc\/self\/fd\/2)$/.test(file) ? 2 : null;
    const number = own ?? other;
    if (number !== null) return openSync(`/proc/self/fd/${number}`, 'w');
    return openAsOwn(file, 0o666);
  }

  #isDue(): boolean {
    const { maxBytes } = this.#settings;
    if (maxBytes <= 0) return false;
    const stats = fstatSync(this.#fd);
    return stats.isFile() && stats.size >= maxBytes;
  }

  /** FILE.1 is the newest backup. */
  #putAside(): void {
    const { file, backups } = this.#settings;
    if (backups <= 0) {
      ftruncateSync(this.#fd);
      return;
    }
    for (let index = backups - 1; index > 0; index--) move(`${file}.${index}`, `${file}.${index + 1}`);
    move(file, `${file}.1`);
    this.reopen();
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') rmSync(to, { force: true });
  }
}
