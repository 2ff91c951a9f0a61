// Appends access log lines to the fds that hostd opened: gathered, written once a second or sooner, off the loop, and lost
// rather than waited for when the disk is full. Knows nothing of what a line says.

import { write } from 'node:fs';
import type { ErrorLog } from './error-log.ts';

const flushBytes = 65_536;
const flushMs = 1000;
/** Lines are dropped while this many bytes wait for a disk that doesn't take them. */
const waitingLimit = 4_194_304;

export class AccessLog {
  readonly #fd: number;
  readonly #site: string;
  readonly #errorLog: ErrorLog;
  #waiting = '';
  #writing = false;
  #failing = false;
  #timer: NodeJS.Timeout | null = null;
  #idle: (() => void)[] = [];

  constructor(fd: number, site: string, errorLog: ErrorLog) {
    this.#fd = fd;
    this.#site = site;
    this.#errorLog = errorLog;
  }

  /** `line` is latin-1 and ends with "\n". */
  append(line: string): void {
    if (this.#waiting.length > waitingLimit) return;
    this.#waiting += line;
    if (this.#waiting.length >= flushBytes) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), flushMs);
  }

  /** Resolves when everything has been written or given up. */
  close(): Promise<void> {
    this.#flush();
    return this.#writing ? new Promise(resolve => this.#idle.push(resolve)) : Promise.resolve();
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing || this.#waiting === '') return;
    this.#writing = true;
    const bytes = Buffer.from(this.#waiting, 'latin1');
    this.#waiting = '';
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error === null && written < bytes.length) return this.#write(bytes.subarray(written));
      if (error !== null && !this.#failing) {
        this.#errorLog({
          level: 'error',
          site: this.#site,
          cause: `cannot write the access log: ${error.message}`,
        });
      }
      this.#failing = error !== null;
      this.#writing = false;
      if (this.#waiting.length >= flushBytes || (this.#idle.length > 0 && error === null)) this.#flush();
      if (!this.#writing) for (const done of this.#idle.splice(0)) done();
    });
  }
}
