// One log that programs have open: watched, put aside when it is due, and what goes wrong with it said once.

import { closeSync, fstatSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { dueFor, type RotationRules, untilDue, withinBounds } from '../../lifecycle/rotation.ts';
import type { Owner } from '../../linux/paths.ts';
import { type QuietWatch, watchQuietly } from '../../linux/quiet-watch.ts';
import type { Run } from '../runs/run.ts';
import { type Complaints, makeComplaints } from './complaints.ts';
import type { Compressor } from './compress.ts';
import { fileKey } from './followers.ts';
import { begunAt, openMoved } from './opened-log.ts';
import { closePlace, openInPlace, openPlace, statInPlace, unfinishedName } from './place.ts';
import { finishInterrupted, type Rotation, reopen, rotate } from './rotate.ts';
import type { Tools } from './take-out.ts';

/** A log as a program's definition or a site's says it. */
export interface LogSource {
  /** Of the program, or of the site's app. */
  readonly name: string;
  readonly path: string;
  readonly owner: Owner;
  /** As they are now: an update may change them without a restart. */
  readonly rules: () => RotationRules;
}

export interface WatchedLogContext extends Tools {
  readonly compressor: Compressor;
  /** Runs what is done to the files of one path one after the other. */
  readonly inTurn: <T>(path: string, work: () => Promise<T>) => Promise<T>;
  readonly say: (level: 'info' | 'warn', name: string, message: string) => void;
}

/** Milliseconds between two looks at a log that is being written to. */
const rest = 1000;
/** Milliseconds until what has failed is tried again, if the log is written to. */
const patience = 10_000;
const longestTimer = 2 ** 31 - 1;

export class WatchedLog {
  /** Of the run that opened it last. */
  source: LogSource;
  readonly runs = new Set<Run>();
  readonly #context: WatchedLogContext;
  readonly #fd: number;
  readonly #watch: QuietWatch;
  /** What is being done to it. */
  #work: Promise<unknown> = Promise.resolve();
  #rotating = false;
  #seen = { size: -1, mtimeMs: 0 };
  #begunAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #ageTimer: NodeJS.Timeout | undefined;
  readonly #complaints: Complaints;
  #closed = false;

  /** @throws when it cannot be opened safely. `adopted`: a run that has it open, perhaps under another name by now. */
  constructor(source: LogSource, adopted: Run | null, context: WatchedLogContext) {
    this.source = source;
    this.#context = context;
    this.#complaints = makeComplaints(source.path, (level, message) =>
      context.say(level, source.name, message),
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

  /** Whether the program that writes to it has got another file: it was deleted or replaced, and opened anew. */
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

  /** Puts everything in it aside. Returns the bytes. */
  async rotateNow(): Promise<number> {
    this.#assertOpen();
    return this.#then(() => rotate(this.#rotation(true), this.#context));
  }

  /** Gives it its name back. Returns the bytes that stay under the other name; null: it has not been moved. */
  async reopen(): Promise<number | null> {
    this.#assertOpen();
    return this.#then(() => reopen(this.#rotation(true), this.#fd, this.#context));
  }

  /** Nobody writes to it for the time being: puts aside what is due, and resolves when nothing is being done. */
  async rest(): Promise<void> {
    await this.#work;
    this.#look();
    await this.#work;
  }

  /** When what is being done is done. */
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

  /** Whether its disk is full: asked when somebody wants to know, for what is not written makes no event. */
  isWithoutRoom(): boolean {
    return !this.#closed && this.#complaints.lookAtDisk(this.#fd);
  }

  /** Whether there is anything new. */
  #look(): boolean {
    if (this.#closed) return false;
    const { size, mtimeMs } = fstatSync(this.#fd);
    const changed = size !== this.#seen.size || mtimeMs !== this.#seen.mtimeMs;
    if (this.#seen.size === 0 && size > 0) this.#begunAt = Date.now();
    this.#seen = { size, mtimeMs };
    if (changed) this.#complaints.lookAtDisk(this.#fd);
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
    // What has failed is tried again when something is written, not for its own sake.
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
