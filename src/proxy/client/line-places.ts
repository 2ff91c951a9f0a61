// Every state that a connection can be in, made once, with the steps that were taken from it. Thousands of connections go through
// the same few states: a step is looked up, and makes no garbage. line.ts decides what a step is.

import { type Effect, type Line, next, opened } from './line.ts';
import type { KnownEvent } from './line-events.ts';

export interface Place {
  readonly line: Line;
  /** Steps by the number of the event. */
  readonly steps: (Move | undefined)[];
}

export interface Move {
  readonly to: Place;
  readonly effects: readonly Effect[];
}

/** A Line has no number that grows, so clients can reach some hundreds of states only (line.test.ts). Beyond this, states are not kept. */
const mostPlaces = 4096;

/** States by their content. */
const places = new Map<string, Place>();

function placeOf(line: Line): Place {
  const key = JSON.stringify(line);
  let place = places.get(key);
  if (place === undefined) {
    place = { line, steps: [] };
    if (places.size < mostPlaces) places.set(key, place);
  }
  return place;
}

/** The state that a connection begins in. */
export function start(): Move {
  const { line, effects } = opened();
  return { to: placeOf(line), effects };
}

export function move(from: Place, event: KnownEvent): Move {
  const known = from.steps[event.id];
  if (known !== undefined) return known;
  const { line, effects } = next(from.line, event);
  const made = { to: placeOf(line), effects };
  from.steps[event.id] = made;
  return made;
}
