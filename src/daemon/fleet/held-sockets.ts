// Which listening sockets hostd holds for its programs, and when it closes them: from then on clients are refused.

import { isDown, isHopeless } from '../../lifecycle/process.ts';
import { type Generation, generationsOf, type Service } from '../../lifecycle/service.ts';
import type { Sockets } from '../sockets/sockets.ts';
import type { Entry } from './loop.ts';
import type { Made } from './unit.ts';

/**
 * Keys of the sockets that a service's clients may wait in: those of its present generation, of the one that is about to take over, and
 * of the one that an update is about to start; the first client wakes what sleeps. An old generation holds its own. A program whose next try is far away at this moment,
 * `at`, has none: its visitors are told, and the next try makes the socket anew.
 */
function socketsFor(service: Service<Made>, at: number): Set<string> {
  const { current, next, due, asleep } = service;
  const needs = ({ state }: Generation<Made>) =>
    !isHopeless(state, at) && (due !== 'no' || asleep || !isDown(state));
  const wanted = generationsOf(service).filter(
    generation => generation === next || (generation === current && needs(generation)),
  );
  return new Set(wanted.flatMap(({ definition }) => definition.sockets));
}

/** Called with a service after each change. Closes the sockets that it had and that nobody needs any more. */
export function releaser(
  sockets: Pick<Sockets, 'release'>,
  all: () => Iterable<Pick<Entry, 'service'>>,
  clock: () => number,
): (entry: Pick<Entry, 'name' | 'service'>) => void {
  const held = new Map<string, ReadonlySet<string>>();
  return ({ name, service }) => {
    const before = held.get(name) ?? new Set();
    const now = socketsFor(service, clock());
    if (now.size === 0) held.delete(name);
    else held.set(name, now);
    const left = [...before].filter(key => !now.has(key));
    if (left.length === 0) return;
    const used = new Set([...all()].flatMap(other => [...socketsFor(other.service, clock())]));
    for (const key of left) if (!used.has(key)) sockets.release(key);
  };
}
