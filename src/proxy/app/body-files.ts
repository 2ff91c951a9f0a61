// The files for request bodies that are too large for memory: opens them, and decides how much of the disk all together and those of
// one network may have. A file has no name, so it is gone with its last descriptor.

import { randomBytes } from 'node:crypto';
import { constants, openSync, statfsSync, unlinkSync } from 'node:fs';
import { type Bounds, Budget, type Full } from '../budget.ts';
import type { Limits } from '../limits.ts';

/** open(2); node:fs has no name for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** Milliseconds for which a look at the disk's free space is believed. */
const believedMs = 100;

/** Bytes that are free for users other than root where `directory` is; null: unknown. */
function freeIn(directory: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}

export class BodyFiles {
  readonly #directory: string;
  readonly #limits: Limits;
  readonly #free: (directory: string) => number | null;
  readonly #onFull: (full: Full) => void;
  readonly #budget: Budget;
  #bounds: Bounds = { all: 0, each: 0 };
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** `free` is given by tests. */
  constructor(directory: string, limits: Limits, onFull: (full: Full) => void, free = freeIn) {
    this.#directory = directory;
    this.#limits = limits;
    this.#free = free;
    this.#onFull = onFull;
    this.#budget = new Budget(() => this.#look(), onFull);
  }

  get used(): number {
    return this.#budget.used;
  }

  /** The status that refuses a body of this length before any of it has come; null: there may be room. */
  refusal(network: string, length: number): 413 | 503 | null {
    if (length <= this.#limits.bodyMemory) return null;
    if (length > this.#limits.bodyDiskPerClient) return 413;
    const full = this.#budget.refusal(network, length);
    if (full === null) return null;
    this.#onFull(full);
    return 503;
  }

  take(network: string, bytes: number): boolean {
    return this.#budget.take(network, bytes);
  }

  give(network: string, bytes: number): void {
    this.#budget.give(network, bytes);
  }

  /** Opens a file that no other process can open. Throws what open(2) says. */
  open(): number {
    try {
      return openSync(this.#directory, O_TMPFILE | constants.O_RDWR, 0o600);
    } catch {
      // Not every file system has O_TMPFILE.
      const path = `${this.#directory}/hostd-proxy-${randomBytes(12).toString('hex')}`;
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return fd;
    }
  }

  /** All bodies have at most half of what would be free without them, so that the disk has room for others. A network has half of that. */
  #look(): Bounds {
    const now = performance.now();
    if (now - this.#lookedAt < believedMs) return this.#bounds;
    this.#lookedAt = now;
    const { bodyDisk, bodyDiskPerClient } = this.#limits;
    const free = this.#free(this.#directory);
    const all = free === null ? bodyDisk : Math.min(bodyDisk, (free + this.#budget.used) / 2);
    this.#bounds = { all, each: Math.min(bodyDiskPerClient, all / 2) };
    return this.#bounds;
  }
}
