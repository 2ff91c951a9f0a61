// What [notify] tells: one JSON object, the same for a command's standard input and for a webhook; and what crosses between hostd and the
// process that posts it.

import { type EventKind, eventKinds, type Happening } from '../model/happenings.ts';

/** Milliseconds for all tries together; for one of them. */
export const longestDelivery = 300_000;
export const longestTry = 15_000;

export interface Notice {
  /** Of this notice and of no other; the same in all tries of one hostd. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly host: string;
  /** One line for people. */
  readonly subject: string;
  /** A line for each event; what chats show of a webhook. */
  readonly text: string;
  readonly events: readonly NoticeEvent[];
  /** So many more events there were. */
  readonly held_back: number;
}

export type NoticeEvent = Readonly<Record<string, unknown>>;

interface Told {
  readonly happening: Happening;
  readonly at: number;
  readonly repeated: number;
  readonly over: { readonly kind: EventKind; readonly since: number } | null;
}

/** `now`: Unix time in milliseconds. */
export function makeNotice(
  id: string,
  host: string,
  { events, more }: { readonly events: readonly Told[]; readonly more: number },
  now: number,
): Notice {
  const lines = events.map(lineOf);
  const rest = events.length - 1 + more;
  return {
    id,
    time: new Date(now).toISOString(),
    host,
    subject: `${host}: ${lines[0] ?? ''}${rest > 0 ? ` (and ${rest} more)` : ''}`,
    text: [...lines, ...(more > 0 ? [`and ${more} more: hostctl events`] : [])].join('\n'),
    events: events.map(eventOf),
    held_back: more,
  };
}

function lineOf({ happening, repeated, over, at }: Told): string {
  const { kind, name, cause } = happening;
  const words = `${name}: ${eventKinds[kind].what}${cause === '' ? '' : `: ${cause}`}`;
  const times = repeated > 0 ? `, ${repeated} times more` : '';
  const end =
    over === null ? times : `, after ${duration(at - over.since)} of "${eventKinds[over.kind].what}"`;
  return `${words}${end}`.replaceAll(/\s+/g, ' ');
}

function eventOf({ happening, at, repeated, over }: Told): NoticeEvent {
  const { kind, name, cause, ...details } = happening;
  return {
    time: new Date(at).toISOString(),
    kind,
    severity: eventKinds[kind].severity,
    name,
    cause: cause.slice(0, 1000),
    ...details,
    repeated,
    recovered: over !== null,
    ...(over === null ? {} : { recovered_from: over.kind, since: new Date(over.since).toISOString() }),
  };
}

/** "40 s", "12 min", "3 h". */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** What the process that posts reads from its first descriptor. */
export interface PostOrder {
  readonly url: string;
  /** PEM; null: the public authorities alone. */
  readonly ca: string | null;
  readonly body: string;
  /** Whether it is tried again. */
  readonly once: boolean;
}

/** Its one line of answer. `what`: "HTTP 204", "ECONNREFUSED"; nothing of the URL. */
export interface PostAnswer {
  readonly ok: boolean;
  readonly what: string;
  readonly tries: number;
}

export const postAnswerLimit = 512;

export function decodePostAnswer(line: string): PostAnswer | null {
  try {
    const { ok, what, tries } = JSON.parse(line) as PostAnswer;
    return typeof ok === 'boolean' && typeof what === 'string' && Number.isSafeInteger(tries)
      ? { ok, what, tries }
      : null;
  } catch {
    return null;
  }
}
