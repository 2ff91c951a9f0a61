// The events that are kept: numbered, written to the ring of files, and told to followers. Does nothing while nothing happens.

import { messageOf } from '../../errors.ts';
import type { Happening } from '../../model/happenings.ts';
import { decodeEvent, encodeEvent, type JournalEvent } from '../../protocol/journal.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { capacity, Ring, type RingPaths } from './ring.ts';
import { type Kept, Storms } from './storms.ts';

export interface Wanted {
  /** The number of events, at most. The newest ones are taken. */
  readonly lines: number;
  /** Unix time in milliseconds; null: from the beginning. */
  readonly since: number | null;
  /** null: all of them. */
  readonly names: ReadonlySet<string> | null;
}

/** Called with each event that is kept, as its line, and with `happening`. */
export type Follow = (event: JournalEvent, line: string) => void;

export interface Journal {
  readonly tell: Tell;
  /** Number of the newest event. */
  readonly last: () => number;
  /** Lines of the wanted events, the oldest first, with the number of the newest event of all. */
  read(wanted: Wanted): Promise<{ readonly lines: readonly string[]; readonly last: number }>;
  /** Follows events until the returned function is called. */
  follow(follow: Follow): () => void;
  /** Hears every happening, also those that are not kept, until the returned function is called. */
  hear(hear: (happening: Happening, at: number, seq: number) => void): () => void;
  /** Writes what is held back. Resolves when it has been written, or cannot be. */
  close(): Promise<void>;
}

export function makeJournal(paths: RingPaths, log: Logger): Journal {
  const storms = new Storms();
  const followers = new Set<Follow>();
  const hearers = new Set<(happening: Happening, at: number, seq: number) => void>();
  let timer: NodeJS.Timeout | undefined;
  const trouble = (error: unknown, lost: number) => {
    if (error === null) {
      log.info(`events are written again; ${lost} of them are lost`);
      // Not within the ring's own call.
      setImmediate(() => tell({ kind: 'disk-free', name: 'hostd', cause: `${lost} events are lost` }));
      return;
    }
    const message = `cannot write "${paths.current}": ${messageOf(error)}`;
    log.error(message);
    setImmediate(() => tell({ kind: 'disk-full', name: 'hostd', cause: message }));
  };
  const ring = openRing(paths, trouble, log);
  let seq = ring?.last ?? 0;

  const keep = ({ happening, at, repeated }: Kept) => {
    seq += 1;
    const line = encodeEvent(seq, at, happening, repeated);
    ring?.append(seq, line);
    if (followers.size === 0) return;
    const event = decodeEvent(line);
    if (event !== null) for (const follow of followers) follow(event, line);
  };
  const settle = () => {
    timer = undefined;
    for (const kept of storms.settle(Date.now())) keep(kept);
    wait();
  };
  const wait = () => {
    const next = storms.next();
    if (next === null || timer !== undefined) return;
    timer = setTimeout(settle, Math.max(0, next - Date.now()) + 1);
    timer.unref();
  };
  const tell: Tell = happening => {
    const at = Date.now();
    const kept = storms.offer(happening, at);
    for (const one of kept) keep(one);
    if (kept.length === 0) wait();
    for (const hear of hearers) hear(happening, at, seq);
  };
  process.on('exit', () => ring?.flushNow());
  return {
    tell,
    last: () => seq,
    async read({ lines: most, since, names }) {
      const lines: string[] = [];
      const last = seq;
      await ring?.read(line => {
        if (lines.length >= most) return false;
        const event = decodeEvent(line);
        if (event === null || event.seq > last) return true;
        if (names !== null && !names.has(event.name)) return true;
        // Clocks can be set, so a later event may have an earlier time.
        if (since === null || Date.parse(event.time) >= since) lines.push(`${line}\n`);
        return true;
      });
      return { lines: lines.reverse(), last };
    },
    follow(follow) {
      followers.add(follow);
      return () => followers.delete(follow);
    },
    hear(hear) {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    async close() {
      clearTimeout(timer);
      for (const kept of storms.flush()) keep(kept);
      await ring?.flush();
    },
  };
}

/** null: the ring cannot be opened, and hostd goes on without one. */
function openRing(
  paths: RingPaths,
  trouble: (error: unknown, lost: number) => void,
  log: Logger,
): Ring | null {
  try {
    return new Ring(paths, trouble);
  } catch (error) {
    log.error(`cannot keep events: ${messageOf(error)}`);
    return null;
  }
}

/** More than there are. */
export const allLines = capacity;
