// A log that hostd itself writes, for a program whose output passes through it. It is opened with its owner's rights, and rotated as
// Supervisor does it (supervisor/loggers.py, RotatingFileHandler): after the write that has made it too large, by renaming.

import { closeSync, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { withinBounds } from '../../lifecycle/rotation.ts';
import { type Owner, openForAppending } from '../../linux/paths.ts';
import type { LogFile } from '../../model/host.ts';
import type { KeptLog } from '../logs/kept-log.ts';
import {
  backupName,
  closePlace,
  openInPlace,
  openPlace,
  type Place,
  renameInPlace,
  statInPlace,
} from '../logs/place.ts';

/** Milliseconds until a failed step is tried again. */
const patience = 10_000;

export interface LogFileContext {
  /** The program's name. */
  readonly name: string;
  readonly owner: Owner;
  /** Mode of a new file, before the umask. */
  readonly mode: number;
  /** The present rules. */
  readonly rules: () => Pick<LogFile, 'maxBytes' | 'backups'>;
  readonly warn: (message: string) => void;
}

export class WrittenLog implements KeptLog {
  readonly source: KeptLog['source'];
  readonly #context: LogFileContext;
  #fd: number | null = null;
  #notBefore = 0;
  #said = new Set<string>();

  constructor(path: string, context: LogFileContext) {
    this.source = { name: context.name, path };
    this.#context = context;
    this.#open();
  }

  write(data: Buffer): void {
    if (this.#fd === null && performance.now() >= this.#notBefore) this.#open();
    if (this.#fd === null) return;
    try {
      for (let done = 0; done < data.length; ) done += writeSync(this.#fd, data, done);
    } catch (error) {
      this.#fail('write to', error);
      return;
    }
    const { maxBytes } = this.#context.rules();
    if (maxBytes > 0 && fstatSync(this.#fd).size >= maxBytes && performance.now() >= this.#notBefore) {
      try {
        this.#putAside();
      } catch (error) {
        this.#fail('rotate', error);
      }
    }
  }

  async rotateNow(): Promise<number> {
    return this.#fd === null || fstatSync(this.#fd).size === 0 ? 0 : this.#putAside();
  }

  async reopen(): Promise<number | null> {
    const before = this.#fd;
    if (before === null || !this.#isElsewhere(before)) return null;
    const { size } = fstatSync(before);
    this.#fd = openForAppending(this.source.path, this.#context.owner, this.#context.mode);
    closeSync(before);
    return size;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    // Output that comes after that is dropped.
    this.#notBefore = Number.POSITIVE_INFINITY;
  }

  #open(): void {
    try {
      this.#fd = openForAppending(this.source.path, this.#context.owner, this.#context.mode);
    } catch (error) {
      this.#fail('open', error);
    }
  }

  /** Rotates the log. Returns its bytes. */
  #putAside(): number {
    const fd = this.#fd;
    if (fd === null) return 0;
    const { size } = fstatSync(fd);
    const { backups } = withinBounds({ ...this.#context.rules(), maxAge: null });
    if (backups === 0) {
      ftruncateSync(fd);
      return size;
    }
    this.#inPlace(place => {
      for (let index = backups - 1; index >= 1; index -= 1)
        move(place, nameOf(place, index), nameOf(place, index + 1));
      move(place, place.name, nameOf(place, 1));
    });
    this.#fd = openForAppending(this.source.path, this.#context.owner, this.#context.mode);
    closeSync(fd);
    return size;
  }

  /** Whether the open file now has another name, or none. */
  #isElsewhere(fd: number): boolean {
    return this.#inPlace(place => {
      const there = statInPlace(place, place.name);
      const own = fstatSync(fd);
      return there?.ino !== own.ino || there.dev !== own.dev;
    });
  }

  #inPlace<T>(action: (place: Place) => T): T {
    const place = openPlace(this.source.path, this.#context.owner);
    try {
      return action(place);
    } finally {
      closePlace(place);
    }
  }

  /** The output goes on without the log. Each trouble is reported once. */
  #fail(what: string, error: unknown): void {
    this.#notBefore = performance.now() + patience;
    const message = `cannot ${what} "${this.source.path}": ${messageOf(error)}`;
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#context.warn(message);
  }
}

function nameOf(place: Place, index: number): string {
  return backupName(place.name, { index, zipped: false });
}

/** Moves a backup, if it is a regular file. Anything else of that name is no backup. */
function move(place: Place, from: string, to: string): void {
  if (statInPlace(place, from) === null) return;
  closeSync(openInPlace(place, from, 'read'));
  renameInPlace(place, from, to);
}
