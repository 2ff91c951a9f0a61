// How events are kept and shown: one JSON object a line. Which kinds there are is in model/happenings.ts.

import { type EventKind, eventKinds, type Happening, type Severity } from '../model/happenings.ts';

/** An event as it is kept and shown: one JSON object a line. */
export type JournalEvent = {
  /** Counts up, also over restarts of hostd. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly severity: Severity;
  /** How many similar ones before it were not kept. */
  readonly repeated?: number;
} & Happening;

/** Characters of the longest cause, since an app or a file may have supplied any length. */
const longestCause = 400;

/** The cause as it is kept. */
export function shortCause(cause: string): string {
  return cause.length > longestCause ? `${cause.slice(0, longestCause)}...` : cause;
}

/** A line of JSON, with its newline. */
export function encodeEvent(seq: number, at: number, happening: Happening, repeated: number): string {
  const { kind, name, cause, ...details } = happening;
  const short = shortCause(cause);
  const event = {
    seq,
    time: new Date(at).toISOString(),
    kind,
    severity: eventKinds[kind].severity,
    name,
    cause: short.trim(),
    ...details,
    ...(repeated > 0 ? { repeated } : {}),
  };
  return `${JSON.stringify(event)}\n`;
}

/** The event in one line; null: the text is none, such as a line that a full disk has cut. */
export function decodeEvent(line: string): JournalEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { seq, time, kind, name, cause } = value as Partial<JournalEvent>;
  const isSound =
    Number.isSafeInteger(seq) &&
    typeof time === 'string' &&
    Number.isFinite(Date.parse(time)) &&
    // A newer hostd may have kinds that this one does not know. They are shown all the same.
    typeof kind === 'string' &&
    typeof name === 'string' &&
    typeof cause === 'string';
  return isSound ? (value as JournalEvent) : null;
}

/** The event in a few words, also one of a kind that only a newer hostd knows. */
export function whatOf({ kind }: { readonly kind: string }): string {
  return Object.hasOwn(eventKinds, kind) ? eventKinds[kind as EventKind].what : kind;
}
