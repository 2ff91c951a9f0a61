// One way by which trouble is told, with its own pace: what is due is delivered, one notice after the other, and where it stands is
// written down after each, so that a next hostd tells neither anything twice nor too little.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { messageOf } from '../../errors.ts';
import { type Happening, kindNames } from '../../model/happenings.ts';
import { decodeEvent } from '../../protocol/journal.ts';
import { makeNotice } from '../../protocol/notify.ts';
import { allLines, type Journal } from '../journal/journal.ts';
import type { Logger } from '../own/log.ts';
import type { Deliver, Delivered } from './delivery.ts';
import { Holding, type Trouble } from './holding.ts';

export interface Channel {
  /** Tells something by hand, once; null: something is being told at this moment. */
  test(): Promise<Delivered> | null;
  /** Nothing more is told. Resolves when what is on its way has been told and written down, or after a while. */
  close(): Promise<void>;
}

export interface ChannelOptions {
  /** "command" or "url". */
  readonly name: string;
  readonly kinds: readonly string[];
  readonly deliver: Deliver;
  /** Where it is written down how far it has come. */
  readonly path: string;
  readonly journal: Journal;
  readonly log: Logger;
}

/** Milliseconds that a notice on its way has when its channel is closed. */
const longestClose = 2000;

/** What the next hostd goes on from. */
interface Standing {
  /** Number of the newest event that is dealt with. */
  readonly seq: number;
  readonly troubles: readonly Trouble[];
}

/** Milliseconds: the longest wait of setTimeout. */
const longestTimer = 2 ** 31 - 1;

export function openChannel({ name, kinds, deliver, path, journal, log }: ChannelOptions): Channel {
  const found = readStanding(path);
  const standing = found ?? { seq: journal.last(), troubles: [] };
  const holding = new Holding(kinds, standing.troubles);
  let seq = standing.seq;
  let isBusy = false;
  let isClosed = false;
  let isFailing = false;
  let isAbandoned = false;
  let whenIdle = () => {};
  let timer: NodeJS.Timeout | undefined;
  /** What comes while the past is being read. */
  let early: (readonly [Happening, number])[] | null = [];

  const write = () => {
    try {
      writeFileSync(`${path}.new`, JSON.stringify({ seq, troubles: holding.troubles() }), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      log.warn(`cannot write "${path}": ${messageOf(error)}`);
    }
  };
  const wait = () => {
    clearTimeout(timer);
    const next = holding.next();
    if (isBusy || isClosed || next === null) return;
    timer = setTimeout(() => void send(), Math.min(longestTimer, Math.max(0, next - Date.now())));
    timer.unref();
  };
  const send = async () => {
    const telling = holding.take(Date.now());
    // What it has dealt with meanwhile is written with what it tells next.
    if (telling === null) return wait();
    isBusy = true;
    const upTo = seq;
    const notice = makeNotice(
      `${hostname()}-${upTo}-${Date.now().toString(36)}`,
      hostname(),
      telling,
      Date.now(),
    );
    const { ok, what } = await deliver(JSON.stringify(notice), false);
    isBusy = false;
    if (isAbandoned) return;
    if (!ok) log.warn(`[notify] ${name}: cannot tell "${notice.subject}": ${what}`);
    if (!ok && !isFailing) journal.tell({ kind: 'notify-failed', name: 'hostd', cause: `${name}: ${what}` });
    if (ok && isFailing) journal.tell({ kind: 'notify-good', name: 'hostd', cause: `${name}: ${what}` });
    isFailing = !ok;
    write();
    whenIdle();
    wait();
  };
  const hear = (happening: Happening, at: number) => {
    holding.hear(happening, at);
    if (!isBusy) wait();
  };
  const forget = journal.hear((happening, at, number) => {
    seq = number;
    if (early === null) hear(happening, at);
    else early.push([happening, at]);
  });
  const catchUp = async () => {
    const from = standing.seq;
    try {
      const { lines } = await journal.read({ lines: allLines, since: null, names: null });
      for (const line of lines) {
        const event = decodeEvent(line);
        if (event !== null && isKnown(event) && event.seq > from && event.seq <= before)
          holding.hear(event, Date.parse(event.time));
      }
    } catch (error) {
      // What has come since is told all the same.
      log.error(`[notify] ${name}: cannot read what happened before: ${messageOf(error)}`);
    }
    const late = early ?? [];
    early = null;
    for (const [happening, at] of late) holding.hear(happening, at);
    wait();
  };
  /** The events until now are in the journal; those from now on are heard. */
  const before = journal.last();
  seq = Math.max(seq, before);
  // From here on a death is missed.
  if (found === null) write();
  void catchUp();
  return {
    test() {
      if (isBusy) return null;
      isBusy = true;
      const now = Date.now();
      const happening: Happening = {
        kind: 'hostd-started',
        name: 'hostd',
        cause: 'a test, by hostctl notify --test: all is well',
      };
      const telling = { events: [{ happening, at: now, repeated: 0, over: null }], more: 0 };
      const notice = makeNotice(`${hostname()}-test-${now.toString(36)}`, hostname(), telling, now);
      return deliver(JSON.stringify({ ...notice, test: true }), true).finally(() => {
        isBusy = false;
        whenIdle();
        wait();
      });
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      forget();
      if (!isBusy) return Promise.resolve();
      return new Promise(resolve => {
        const late = setTimeout(() => {
          isAbandoned = true;
          resolve();
        }, longestClose);
        whenIdle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    },
  };
}

/** A newer hostd may have written kinds that this one does not know. */
function isKnown({ kind }: Happening): boolean {
  return kindNames.includes(kind);
}

function readStanding(path: string): Standing | null {
  try {
    const { seq, troubles } = JSON.parse(readFileSync(path, 'utf8')) as Standing;
    const isSound = Number.isSafeInteger(seq) && Array.isArray(troubles) && troubles.every(isTrouble);
    return isSound ? { seq, troubles } : null;
  } catch {
    return null;
  }
}

function isTrouble({ happening, at, held, next, step }: Trouble): boolean {
  return (
    typeof happening?.kind === 'string' &&
    isKnown(happening) &&
    typeof happening.name === 'string' &&
    [at, held, next, step].every(Number.isFinite)
  );
}
