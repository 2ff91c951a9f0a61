// hostd's own start and end, noted in a file of its state directory. A note that is still there at the next start was written by a hostd
// that has ended without removing it: by a crash or a kill. An upgrade in place keeps the pid, and is no such end.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bootId } from '../../linux/procfs.ts';

interface Life {
  readonly pid: number;
  readonly bootId: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface OwnLife {
  /** The end of the hostd before, in words; null: nothing was wrong. */
  readonly death: string | null;
  /** This is the same hostd in its next version. */
  readonly isUpgraded: boolean;
  /** hostd ends in order. */
  end(): void;
}

/** Notes that this hostd lives. Errors of reading or writing are ignored. */
export function beginLife(path: string): OwnLife {
  const before = read(path);
  const own: Life = { pid: process.pid, bootId: bootId(), since: new Date().toISOString() };
  try {
    writeFileSync(path, JSON.stringify(own), { mode: 0o600 });
  } catch {
    // A full disk: then nobody will miss this one.
  }
  return {
    ...judge(before, own),
    end() {
      rmSync(path, { force: true });
    },
  };
}

/** Pure. */
export function judge(before: Life | null, own: Life): Pick<OwnLife, 'death' | 'isUpgraded'> {
  if (before === null) return { death: null, isUpgraded: false };
  if (before.bootId !== own.bootId)
    return {
      death: `the machine went down without stopping it (pid ${before.pid}, up since ${before.since})`,
      isUpgraded: false,
    };
  if (before.pid === own.pid) return { death: null, isUpgraded: true };
  return {
    death: `it ended without a word, as by SIGKILL (pid ${before.pid}, up since ${before.since})`,
    isUpgraded: false,
  };
}

function read(path: string): Life | null {
  try {
    const { pid, bootId, since } = JSON.parse(readFileSync(path, 'utf8')) as Life;
    return Number.isSafeInteger(pid) && typeof bootId === 'string' && typeof since === 'string'
      ? { pid, bootId, since }
      : null;
  } catch {
    return null;
  }
}
