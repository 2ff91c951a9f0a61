// Takes the beginning of a log, or all of it, out of the file that its writers have open, and into a copy. The file system
// collapses the range. Where it cannot, or where everything is wanted, the writers are stopped while the last bytes are
// copied and the log is truncated.

import { fstatSync, ftruncateSync, statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, HostdError } from '../../errors.ts';
import type { Owner } from '../../linux/paths.ts';
import type { Run } from '../runs/run.ts';
import type { Report } from './copier.ts';
import { type Copier, startCopier } from './copier-thread.ts';
import { copyBytes } from './copying.ts';
import type { Followers } from './followers.ts';
import type { Stopper } from './stop.ts';

export interface TakingOut {
  /** Open for reading and writing. */
  readonly log: number;
  /** null: the bytes are dropped. */
  readonly copy: number | null;
  /** The copying thread keeps these rights only. */
  readonly rights: Owner;
  /** Bytes that are copied at most. Older bytes are dropped. */
  readonly keep: number;
  readonly everything: boolean;
  /** The runs that may be writing to it. */
  readonly writers: () => readonly Run[];
}

export interface Tools {
  readonly followers: Followers;
  readonly stopper: Stopper;
}

/** The log's bytes up to `end` are taken out. Those from `start` on are in the copy. */
export interface Taken {
  readonly start: number;
  readonly end: number;
}

/** The most that is copied while the writers are stopped, in bytes. */
const mostWhileStopped = 8 * 1024 * 1024;
/** Milliseconds between two tries to stop the writers. */
const pauses = [50, 100, 200, 400, 800];
/** Errors of a file system that cannot collapse this range. */
const cannotCollapse = new Set(['EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'ENOSYS']);

/** Followers are held until the caller tells them what was taken. @throws when nothing was taken out. Then the copy is useless. */
export async function takeOut(taking: TakingOut, tools: Tools): Promise<Taken> {
  const { log, copy, rights, keep, everything } = taking;
  const { bsize } = statfsSync(`/proc/self/fd/${log}`);
  const copier = startCopier({
    kind: 'copy',
    ...rights,
    log,
    copy,
    block: bsize,
    keep,
    toTheEnd: everything,
  });
  try {
    const copied = await copiedBy(copier);
    if (copied.whole && (await collapse(taking, copier, tools))) return copied;
    return await takeRest(taking, copier, copied.whole ? await copiedBy(copier, 'copy-on') : copied, tools);
  } finally {
    await copier.end();
  }
}

async function copiedBy(copier: Copier, order?: 'copy-on'): Promise<Report & { kind: 'copied' }> {
  const report = await copier.next(order);
  if (report.kind !== 'copied') throw new HostdError('failed', `cannot go on after "${report.kind}"`);
  return report;
}

/** false: the file system cannot collapse it. Followers must not read while the bytes move. */
async function collapse({ log }: TakingOut, copier: Copier, { followers }: Tools): Promise<boolean> {
  followers.hold(log);
  try {
    await copier.next('collapse');
    return true;
  } catch (error) {
    followers.goOn(log, null);
    if (cannotCollapse.has(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** On a busy machine writers may take longer to stop than hostd may stand still: it lets them go on, copies on, and tries again. */
async function takeRest(taking: TakingOut, copier: Copier, copied: Taken, tools: Tools): Promise<Taken> {
  let rest = copied;
  for (const pause of pauses) {
    const taken = takeRestStopped(taking, rest, tools);
    if (taken !== null) return taken;
    await sleep(pause);
    rest = await copiedBy(copier, 'copy-on');
  }
  const taken = takeRestStopped(taking, rest, tools);
  if (taken === null) throw new HostdError('conflict', 'its writers do not stop for a moment');
  return taken;
}

/**
 * Awaits nothing between stopping the writers and letting them go on, so nothing can come between. null: they do not stop in time.
 * @throws HostdError: there is no use in another try
 */
function takeRestStopped({ log, copy, writers }: TakingOut, copied: Taken, tools: Tools): Taken | null {
  let { end } = copied;
  let why: string | null = null;
  let taken = false;
  tools.followers.hold(log);
  try {
    tools.stopper.whileStopped(writers(), () => {
      const { size } = fstatSync(log);
      if (size < end) why = 'somebody has made it shorter';
      else if (size - end > mostWhileStopped) why = 'it grows faster than it can be copied';
      else {
        if (copy !== null) copyBytes(log, end, size, copy, end - copied.start);
        end = size;
        ftruncateSync(log, 0);
        taken = true;
      }
    });
  } finally {
    if (!taken) tools.followers.goOn(log, null);
  }
  if (why !== null) throw new HostdError('conflict', why);
  return taken ? { start: copied.start, end } : null;
}

/** Whether a log still begins with what is in a copy. Closes neither. */
export async function isStillIn(log: number, copy: number, rights: Owner): Promise<boolean> {
  const copier = startCopier({ kind: 'compare', log, copy, ...rights });
  try {
    const report = await copier.next();
    return report.kind === 'compared' && report.same;
  } finally {
    await copier.end();
  }
}
