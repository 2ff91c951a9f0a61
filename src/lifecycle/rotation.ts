// When a log is rotated, and which of its backups move where. Pure: sizes, times and names come in.

export interface RotationRules {
  /** Bytes; 0: never for its size. */
  readonly maxBytes: number;
  /** Backups that are kept; 0: what is rotated is dropped. */
  readonly backups: number;
  /** Seconds; null: never for its age. */
  readonly maxAge: number | null;
}

/** Backups that are kept at most, whatever the rules say: each name is looked up at every rotation. */
const mostBackups = 1000;

export function withinBounds(rules: RotationRules): RotationRules {
  return { ...rules, backups: Math.min(rules.backups, mostBackups) };
}

/** A log as it is now. */
export interface LogMeasure {
  readonly size: number;
  /** Since when it has had lines; Unix time in milliseconds. */
  readonly begunAt: number;
}

/** Why a log has to be rotated now, or null. `now` is Unix time in milliseconds. An empty log never is. */
export function dueFor(rules: RotationRules, log: LogMeasure, now: number): 'size' | 'age' | null {
  if (log.size === 0) return null;
  if (rules.maxBytes > 0 && log.size >= rules.maxBytes) return 'size';
  return untilDue(rules, log, now) === 0 ? 'age' : null;
}

/** Milliseconds until a log is due for its age: 0 when it is; null while it never will be, as when it is empty. */
export function untilDue(rules: RotationRules, log: LogMeasure, now: number): number | null {
  // A run that an older hostd has written down has no maxAge.
  if (!rules.maxAge || log.size === 0) return null;
  return Math.max(0, log.begunAt + rules.maxAge * 1000 - now);
}

/**
 * Bytes from the end of an overgrown log that are worth copying: what its backups would hold after rotations in time. This bounds
 * what a log of terabytes, with or without holes, can cost. Infinity when its size has no limit.
 */
export function worthKeeping({ maxBytes, backups }: RotationRules): number {
  return maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes * (backups + 1);
}

/** A backup is NAME.1 (the newest), NAME.2 and so on, or NAME.2.gz. */
export interface Backup {
  readonly index: number;
  readonly zipped: boolean;
}

export type Move =
  | { readonly kind: 'remove'; readonly backup: Backup }
  | { readonly kind: 'rename'; readonly from: Backup; readonly to: Backup };

/**
 * What to do, in this order, to make NAME.1 free. A gap in the numbers takes up the movement, so no backup is removed that still has
 * a place. Backups beyond `backups` are removed. Where both NAME.2 and NAME.2.gz exist, hostd was killed between finishing the one
 * and removing the other: they are the same.
 */
export function makeRoom(present: readonly Backup[], backups: number): readonly Move[] {
  const moves: Move[] = [];
  const byIndex = new Map<number, Backup>();
  for (const backup of present) {
    const other = byIndex.get(backup.index);
    if (other !== undefined) moves.push({ kind: 'remove', backup: other.zipped ? backup : other });
    byIndex.set(backup.index, other?.zipped ? other : backup);
  }
  let gap = 1;
  while (byIndex.has(gap)) gap += 1;
  for (const backup of [...byIndex.values()].sort((a, b) => b.index - a.index)) {
    const index = backup.index < gap ? backup.index + 1 : backup.index;
    if (index > backups) moves.push({ kind: 'remove', backup });
    else if (index !== backup.index)
      moves.push({ kind: 'rename', from: backup, to: { index, zipped: backup.zipped } });
  }
  return moves;
}

/** The backups to compress, oldest first: all but the newest, which people still read. */
export function toCompress(present: readonly Backup[]): readonly Backup[] {
  const zipped = new Set(present.filter(backup => backup.zipped).map(backup => backup.index));
  return present
    .filter(({ index, zipped: done }) => !done && index > 1 && !zipped.has(index))
    .sort((a, b) => b.index - a.index);
}
