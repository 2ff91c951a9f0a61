// What [notify] tells, and when: each trouble at once, then at most once a minute, and more and more seldom while it lasts, with the
// number of times that were held back; and its end, once it is one. Pure: time arrives with the happenings. All times are Unix times in
// milliseconds.

import { type EventKind, endedBy, type Happening } from '../../model/happenings.ts';

/** Between two tellings of one cause: at first, and at most. */
const shortest = 60_000;
const longest = 3_600_000;
/** What comes together is told together. */
const gather = 1000;
/** Between two tellings, whatever they are about. */
const pause = 10_000;
/** A program that is RUNNING again for so long has recovered. */
const stable = 30_000;
/** Events in one telling. */
const mostTold = 50;
/** Causes that are remembered. */
const mostTroubles = 1000;

/** One cause: a kind of event of one name. Kept over restarts of hostd, as JSON. */
export interface Trouble {
  readonly happening: Happening;
  /** When it last happened. */
  at: number;
  /** Since when it lasts; null: it is over. */
  since: number | null;
  /** Since it was told last. */
  held: number;
  /** Whether somebody was told since it began. */
  isTold: boolean;
  /** When it may be told again, and after how long then. */
  next: number;
  step: number;
  /** What ends it, and when that is to be believed. */
  end: { readonly happening: Happening; readonly at: number; readonly due: number } | null;
}

export interface Told {
  readonly happening: Happening;
  readonly at: number;
  /** How often it has happened since it was told last, besides this time. */
  readonly repeated: number;
  /** The trouble that is over with it, and since when that lasted; null: it is a trouble itself. */
  readonly over: { readonly kind: EventKind; readonly since: number } | null;
}

export interface Telling {
  readonly events: readonly Told[];
  /** So many more there are, for which there was no room. */
  readonly more: number;
}

export class Holding {
  readonly #kinds: ReadonlySet<string>;
  readonly #troubles = new Map<string, Trouble>();
  #more = 0;
  #lastTelling = Number.NEGATIVE_INFINITY;

  constructor(kinds: readonly string[], troubles: readonly Trouble[] = []) {
    this.#kinds = new Set(kinds);
    for (const trouble of troubles.slice(-mostTroubles))
      this.#troubles.set(keyOf(trouble.happening), { ...trouble });
  }

  /** For the next hostd. */
  troubles(): readonly Trouble[] {
    return [...this.#troubles.values()];
  }

  hear(happening: Happening, at: number): void {
    const { kinds, name } = endedBy(happening);
    const due = happening.kind === 'running' ? at + stable : at;
    for (const trouble of kinds.length === 0 ? [] : this.#troubles.values()) {
      const { kind, name: own } = trouble.happening;
      if (trouble.since === null || !kinds.includes(kind) || (name !== null && own !== name)) continue;
      trouble.end ??= { happening, at, due };
    }
    if (!this.#kinds.has(happening.kind)) {
      // It does not stay up.
      if (happening.kind === 'exited' || happening.kind === 'starting') this.#takeBack(happening.name);
      return;
    }
    this.#add(happening, at);
  }

  #takeBack(name: string): void {
    for (const trouble of this.#troubles.values())
      if (trouble.happening.name === name && trouble.end?.happening.kind === 'running') trouble.end = null;
  }

  #add(happening: Happening, at: number): void {
    const key = keyOf(happening);
    const before = this.#troubles.get(key);
    this.#takeBack(happening.name);
    // The newest comes last.
    this.#troubles.delete(key);
    if (this.#troubles.size >= mostTroubles) this.#forgetOne();
    const isNew = before === undefined || before.since === null;
    this.#troubles.set(key, {
      happening,
      at,
      since: isNew ? at : before.since,
      held: (before?.held ?? 0) + 1,
      isTold: isNew ? false : before.isTold,
      next: Math.max(before?.next ?? 0, at + gather),
      step: before === undefined || at - before.at > 2 * before.step ? shortest : before.step,
      end: null,
    });
  }

  #forgetOne(): void {
    const over = [...this.#troubles].find(([, { since }]) => since === null);
    const [key] = over ?? [...this.#troubles.keys()];
    if (over === undefined) this.#more += 1;
    this.#troubles.delete(key ?? '');
  }

  /** When `take` will have something; null: nothing is held. */
  next(): number | null {
    let next: number | null = null;
    for (const trouble of this.#troubles.values()) {
      const due = dueOf(trouble);
      if (due !== null) next = Math.min(next ?? Number.POSITIVE_INFINITY, due);
    }
    return next === null ? null : Math.max(next, this.#lastTelling + pause);
  }

  /** What is to be told now; null: nothing. */
  take(at: number): Telling | null {
    const next = this.next();
    if (next === null || next > at) return null;
    const events: Told[] = [];
    for (const [key, trouble] of this.#troubles) {
      const due = dueOf(trouble);
      if (due === null || due > at) {
        if (trouble.since === null && at - trouble.at > 2 * trouble.step) this.#troubles.delete(key);
        continue;
      }
      if (events.length >= mostTold) {
        this.#more += 1;
        settle(trouble, at);
        continue;
      }
      events.push(...toldOf(trouble, at));
      settle(trouble, at);
    }
    const more = this.#more;
    this.#more = 0;
    if (events.length === 0) return null;
    this.#lastTelling = at;
    return { events, more };
  }
}

function keyOf({ kind, name }: Pick<Happening, 'kind' | 'name'>): string {
  return `${kind}\0${name}`;
}

/** When something of it is to be told, or forgotten; null: never. */
function dueOf({ since, held, next, end }: Trouble): number | null {
  if (since === null) return null;
  if (held === 0) return end?.due ?? null;
  return end === null ? next : Math.min(end.due, next);
}

function toldOf({ happening, at, held, isTold, since, end }: Trouble, now: number): Told[] {
  const isOver = end !== null && end.due <= now;
  if (!isOver) return held > 0 ? [{ happening, at, repeated: held - 1, over: null }] : [];
  // Over before anybody was told: nobody need know.
  if (!isTold) return [];
  const over = { kind: happening.kind, since: since ?? at };
  return [{ happening: end.happening, at: end.at, repeated: held, over }];
}

function settle(trouble: Trouble, now: number): void {
  const { end } = trouble;
  if (end !== null && end.due <= now) {
    trouble.since = null;
    trouble.end = null;
    trouble.held = 0;
    trouble.isTold = false;
    return;
  }
  trouble.held = 0;
  trouble.isTold = true;
  trouble.next = now + trouble.step;
  trouble.step = Math.min(2 * trouble.step, longest);
}
