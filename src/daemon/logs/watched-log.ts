// One log that programs have open: watches it, rotates it when that is due, and reports what goes wrong once.

import { closeSync, fstatSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { dueFor, type RotationRules, untilDue, withinBounds } from '../../lifecycle/rotation.ts';
import type { Owner } from '../../linux/paths.ts';
import { type QuietWatch, watchQuietly } from '../../linux/quiet-watch.ts';
import type { Run } from '../runs/run.ts';
import { type Complaints, makeComplaints, type Trouble } from './complaints.ts';
import type { Compressor } from './compress.ts';
import { fileKey } from './followers.ts';
import { begunAt, openMoved } from './opened-log.ts';
import { closePlace, openInPlace, openPlace, statInPlace, unfinishedName } from './place.ts';
import { finishInterrupted, type Rotation, reopen, rotate } from './rotate.ts';
import type { Tools } from './take-out.ts';

/** A log as the definition of a program or of a site has it. */
export interface LogSource {
  /** The name of the program, or of the site's app. */
  readonly name: string;
  readonly path: string;
  readonly owner: Owner;
  /** The present rules: an update may change them without a restart. */
  readonly rules: () => RotationRules;
}

export interface WatchedLogContext extends Tools {
  readonly compressor: Compressor;
  /** Runs the work on one path's files one after the other. */
  readonly inTurn: <T>(path: string, work: () => Promise<T>) => Promise<T>;
  /** Called when a log has been written to, now and then. */
  readonly written: () => void;
  readonly say: (level: 'info' | 'warn', name: string, message: string, kind?: Trouble) => void;
}

/** Milliseconds between two looks at a log that is written to. */
const rest = 1000;
/** Milliseconds until a failed rotation is tried again, if the log is written to. */
const patience = 10_000;
const longestTimer = 2 ** 31 - 1;

export class WatchedLog {
  /** The definition of the run that opened it last. */
  source: LogSource;
  readonly runs = new Set<Run>();
  readonly #context: WatchedLogContext;
  readonly #fd: number;
  readonly #watch: QuietWatch;
  /** The present work on the log. */
  #work: Promise<unknown> = Promise.resolve();
  #rotating = false;
  #seen = { size: -1, mtimeMs: 0 };
  #begunAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #ageTimer: NodeJS.Timeout | undefined;
  readonly #complaints: Complaints;
  #closed = false;

  /** @throws when the log cannot be opened safely. `adopted`: a run that has it open, perhaps under another name. */
  constructor(source: LogSource, adopted: Run | null, context: WatchedLogContext) {
    this.source = source;
    this.#context = context;
    this.#complaints = makeComplaints(source.path, (level, message, kind) =>
      context.say(level, source.name, message, kind),
    );
    const place = openPlace(source.path, source.owner);
    try {
      this.#fd =
        (adopted === null ? null : openMoved(place, adopted)) ?? openInPlace(place, place.name, 'read');
      this.#begunAt = begunAt(place, fstatSync(this.#fd));
      if (statInPlace(place, unfinishedName(place.name)) !== null) this.#finishInterrupted();
    } finally {
      closePlace(place);
    }
    this.#watch = watchQuietly(this.#fd, rest, () => this.#look());
    this.#look();
  }

  /** Whether the name now belongs to another file: the log was deleted or replaced, and opened anew. */
  isAnother(): boolean {
    try {
      const place = openPlace(this.source.path, this.source.owner);
      try {
        const fd = openInPlace(place, place.name, 'read');
        const other = fileKey(fd) !== fileKey(this.#fd);
        closeSync(fd);
        return other;
      } finally {
        closePlace(place);
      }
    } catch {
      return false;
    }
  }

  /** Rotates everything in it. Returns the bytes. */
  async rotateNow(): Promise<number> {
    this.#assertOpen();
    return this.#then(() => rotate(this.#rotation(true), this.#context));
  }

  /** Gives the log its name back. Returns the bytes that stay under the other name; null: it was not moved. */
  async reopen(): Promise<number | null> {
    this.#assertOpen();
    return this.#then(() => reopen(this.#rotation(true), this.#fd, this.#context));
  }

  /** Nobody writes to it for the time being: rotates it if that is due. Resolves when no work is going on. */
  async rest(): Promise<void> {
    await this.#work;
    this.#look();
    await this.#work;
  }

  /** Closes it when the present work is done. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#ageTimer);
    this.#watch.close();
    await this.#work;
    closeSync(this.#fd);
  }

  #assertOpen(): void {
    if (this.#closed) throw new HostdError('conflict', 'its program has ended meanwhile');
  }

  /** Whether its disk is full. Only looked up when asked, since a write that fails makes no event. */
  isWithoutRoom(): boolean {
    return !this.#closed && this.#complaints.lookAtDisk(this.#fd);
  }

  /** Looks at the file, and rotates it if that is due. Returns whether it has changed since the last look. */
  #look(): boolean {
    if (this.#closed) return false;
    const { size, mtimeMs } = fstatSync(this.#fd);
    const changed = size !== this.#seen.size || mtimeMs !== this.#seen.mtimeMs;
    if (this.#seen.size === 0 && size > 0) this.#begunAt = Date.now();
    this.#seen = { size, mtimeMs };
    if (changed) {
      this.#complaints.lookAtDisk(this.#fd);
      this.#context.written();
    }
    if (!this.#rotating) this.#rotateIfDue(size);
    return changed;
  }

  #rotateIfDue(size: number): void {
    clearTimeout(this.#ageTimer);
    const rules = this.#rules();
    const now = Date.now();
    const log = { size, begunAt: this.#begunAt };
    const due = dueFor(rules, log, now);
    if (due === null) {
      const wait = untilDue(rules, log, now);
      if (wait !== null) this.#ageTimer = setTimeout(() => this.#look(), Math.min(wait, longestTimer));
      return;
    }
    // A failed rotation is tried again when the log is written to, not for its own sake.
    if (performance.now() < this.#notBefore) return;
    this.#then(() => rotate(this.#rotation(due === 'age'), this.#context)).then(
      () => this.#complaints.hasRotated(),
      error => {
        this.#notBefore = performance.now() + patience;
        this.#complaints.cannotRotate(error);
      },
    );
  }

  #rotation(everything: boolean): Rotation {
    const { path, owner } = this.source;
    const key = fileKey(this.#fd);
    return { path, owner, rules: this.#rules(), key, everything, writers: () => [...this.runs] };
  }

  #rules(): RotationRules {
    return withinBounds(this.source.rules());
  }

  #then<T>(work: () => Promise<T>): Promise<T> {
    this.#rotating = true;
    const done = this.#context.inTurn(this.source.path, work).finally(() => {
      this.#rotating = false;
      const { size } = fstatSync(this.#fd);
      this.#seen = { ...this.#seen, size };
    });
    this.#work = done.then(
      () => {
        this.#begunAt = Date.now();
        this.#notBefore = 0;
        const { path, owner } = this.source;
        this.#context.compressor.add(path, owner, this.#rules().backups);
      },
      () => {},
    );
    return done;
  }

  #finishInterrupted(): void {
    this.#work = this.#context.inTurn(this.source.path, async () => {
      const place = openPlace(this.source.path, this.source.owner);
      try {
        if (await finishInterrupted(place, this.#rules().backups))
          this.#context.say('info', this.source.name, `finished an interrupted rotation of "${place.path}"`);
      } catch (error) {
        this.#complaints.cannotRotate(error);
      } finally {
        closePlace(place);
      }
    });
  }
}
