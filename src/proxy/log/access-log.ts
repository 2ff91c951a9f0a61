// Appends access log lines to the descriptors that hostd opened. Lines are gathered and written once a second or sooner, off the event
// loop. With a full disk they are lost, not waited for. Knows nothing of what a line says.

import { write } from 'node:fs';
import type { ErrorLog } from './error-log.ts';

const bufferBytes = 65_536;
const flushMs = 1000;
/** Lines are dropped while this many bytes wait for a disk that does not take them. */
const waitingLimit = 4_194_304;

export class AccessLog {
  readonly #fd: number;
  readonly #site: string;
  readonly #errorLog: ErrorLog;
  /** Lines are copied at once: as strings they would keep their whole requests in memory. */
  #buffer: Buffer | null = null;
  #used = 0;
  /** Full buffers, older than #buffer. */
  #full: Buffer[] = [];
  #fullBytes = 0;
  #writing = false;
  #failing = false;
  #isLosing = false;
  #timer: NodeJS.Timeout | null = null;
  #idle: (() => void)[] = [];

  constructor(fd: number, site: string, errorLog: ErrorLog) {
    this.#fd = fd;
    this.#site = site;
    this.#errorLog = errorLog;
  }

  /** `line` is latin-1 and ends with "\n". */
  append(line: string): void {
    if (this.#fullBytes > waitingLimit) {
      this.#lose();
      return;
    }
    this.#isLosing = false;
    if (this.#used + line.length > bufferBytes) this.#seal();
    if (line.length > bufferBytes) {
      this.#push(Buffer.from(line, 'latin1'));
    } else {
      this.#buffer ??= Buffer.allocUnsafeSlow(bufferBytes);
      this.#used += this.#buffer.write(line, this.#used, 'latin1');
    }
    if (this.#full.length > 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), flushMs);
  }

  /** Called once each time that lines begin to be lost. */
  #lose(): void {
    if (this.#isLosing) return;
    this.#isLosing = true;
    const cause = `lines of the access log are lost: ${waitingLimit} bytes wait for the disk`;
    this.#errorLog({ level: 'warn', site: this.#site, cause });
  }

  /** Resolves when everything has been written or given up. */
  close(): Promise<void> {
    this.#flush();
    return this.#writing ? new Promise(resolve => this.#idle.push(resolve)) : Promise.resolve();
  }

  #seal(): void {
    if (this.#buffer === null || this.#used === 0) return;
    this.#push(this.#buffer.subarray(0, this.#used));
    this.#buffer = null;
    this.#used = 0;
  }

  #push(bytes: Buffer): void {
    this.#full.push(bytes);
    this.#fullBytes += bytes.length;
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing) return;
    if (this.#full.length === 0) this.#seal();
    const bytes = this.#full.shift();
    if (bytes === undefined) return;
    this.#fullBytes -= bytes.length;
    this.#writing = true;
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
      // On close, lines that no disk took are given up.
      if (this.#full.length > 0 || (this.#idle.length > 0 && error === null)) this.#flush();
      if (!this.#writing && this.#used > 0) this.#timer ??= setTimeout(() => this.#flush(), flushMs);
      if (!this.#writing) for (const done of this.#idle.splice(0)) done();
    });
  }
}
