// Who answers for each site of a worker: its app's socket, or its upstreams, which are asked for their health. How those stand is noted for
// hostd, which is told when that has changed.

import { mostUpstreams } from '../model/upstreams.ts';
import { standingsPlace, writeStandings } from '../protocol/note.ts';
import type { RoutedSite, UpstreamFault } from '../protocol/worker.ts';
import { AppConnections } from './app/app-connections.ts';
import type { Backend } from './app/backend.ts';
import { Pending } from './app/pending.ts';
import { watchHealth } from './app/upstream-health.ts';
import { Upstreams } from './app/upstreams.ts';
import type { TellFact } from './facts.ts';
import type { Limits } from './limits.ts';
import type { ErrorLog } from './log/error-log.ts';
import type { Note } from './note.ts';
import type { Worker } from './worker.ts';

/** Milliseconds in which changes are gathered before hostd is told, and until it is told again where it has not listened. */
const gatherMs = 200;

/** `noted`: see Pending. */
export function makeBackend(
  { name, socket, upstreams = null }: RoutedSite,
  limits: Limits,
  noted: Uint32Array | null,
  errorLog: ErrorLog,
): Backend {
  if (upstreams === null) return new AppConnections(socket, limits, noted);
  const say = (address: string, fault: UpstreamFault | null, why: string): void => {
    const cause =
      fault === null ? 'the upstream gets requests again' : `the upstream is left out for a while: ${why}`;
    errorLog({ level: 'warn', site: name, upstream: address, cause });
  };
  return new Upstreams(upstreams.addresses, limits, new Pending(noted), say);
}

/** Asks the worker's upstreams for their health, notes how they stand, and tells hostd of each change. */
export function watchUpstreams(
  worker: Worker,
  sites: readonly RoutedSite[],
  { memory, flush }: Note,
  tell: TellFact,
): void {
  const isOver = () => worker.draining;
  for (const [index, { name, upstreams = null }] of sites.entries()) {
    const backend = worker.apps.get(name);
    if (upstreams === null || !(backend instanceof Upstreams)) continue;
    if (upstreams.health !== null)
      watchHealth(backend, upstreams.addresses, upstreams.health, backend.limits, isOver);
    const standings = new Uint8Array(memory, standingsPlace(sites.length, index + 1), mostUpstreams);
    let isDue = false;
    const tellNow = (): void => {
      isDue = false;
      flush?.();
      if (!tell({ kind: 'upstreams', site: name })) tellSoon();
    };
    const tellSoon = (): void => {
      if (isDue) return;
      isDue = true;
      setTimeout(tellNow, gatherMs).unref();
    };
    backend.onChange = () => {
      writeStandings(standings, backend.faults);
      tellSoon();
    };
  }
}
