// Which listening sockets hostd holds for its programs, and when it lets them go: from then on clients are refused.

import { isDown, isHopeless } from '../../lifecycle/process.ts';
import { type Generation, generationsOf, type Service } from '../../lifecycle/service.ts';
import type { Sockets } from '../sockets/sockets.ts';
import type { Entry } from './loop.ts';
import type { Made } from './unit.ts';

/**
 * Keys of the sockets of what runs in a service's name, is about to, or is to be started by an update: clients of a socket
 * that stays the same wait in its backlog meanwhile. An old generation has its own hold of them. A program whose next try is far
 * away has none at this moment, `at`: its visitors are told instead; the next try makes its socket anew.
 */
export function socketsFor(service: Service<Made>, at: number): Set<string> {
  const { current, next, due } = service;
  const needs = ({ state }: Generation<Made>) => !isHopeless(state, at) && (due !== 'no' || !isDown(state));
  const wanted = generationsOf(service).filter(
    generation => generation === next || (generation === current && needs(generation)),
  );
  return new Set(wanted.flatMap(({ definition }) => definition.sockets));
}

/** Told of a service after each change: closes the sockets that it had and nobody needs any more. */
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
