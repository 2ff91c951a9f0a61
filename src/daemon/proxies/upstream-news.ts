// How the proxy's workers say that the upstreams of apps that are served elsewhere stand, as events: told when others are left out than
// was told before, by this hostd or an earlier one.

import { addressText } from '../../model/address.ts';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { Happening } from '../../model/happenings.ts';
import type { App, Host } from '../../model/host.ts';
import { shortCause } from '../../protocol/journal.ts';
import type { Standings } from '../../protocol/note.ts';
import { upstreamFaults } from '../../protocol/worker.ts';
import type { Tell } from '../events/bus.ts';

/** How a site's upstreams stand in the live run of one worker. */
export type ReadStandings = (site: string) => Standings;

export interface UpstreamNews {
  /** A run of the worker begins, which leaves out none until it finds out anew. */
  began(worker: string, read: ReadStandings): void;
  /** A run of an earlier hostd is taken over, with what it has found out. */
  adopted(worker: string, read: ReadStandings): void;
  /** Some worker says that a site's upstreams stand otherwise than before. */
  changed(site: string): void;
  /** By site: the cause of the last event, where an earlier hostd has told that some are left out. Nothing is told before this call. */
  goOn(told: ReadonlyMap<string, string>): void;
}

/** Milliseconds in which the requests of a new run show which upstreams are still to be left out. */
const findingOut = 60_000;

export function makeUpstreamNews(host: () => Host, tell: Tell): UpstreamNews {
  const workers = new Map<string, ReadStandings>();
  /** By site: the cause that was told last; not in it: that all get requests. null: that is not known yet. */
  let told: Map<string, string> | null = null;
  /** Workers that have not had the time to find out. */
  let finding = 0;

  const look = (site: string) => {
    if (told === null) return;
    const app = host().apps.find(app => app.name === site && isElsewhere(app));
    const out =
      app === undefined
        ? []
        : leftOut(
            app,
            [...workers.values()].map(read => read(site)),
          );
    const event = app === undefined ? null : eventOf(app, out);
    const cause = out.length === 0 || event === null ? '' : shortCause(event.cause);
    if (cause === (told.get(site) ?? '')) return;
    if (cause === '') told.delete(site);
    else told.set(site, cause);
    if (event !== null) tell(event);
  };
  const elsewhere = () =>
    host()
      .apps.filter(isElsewhere)
      .map(({ name }) => name);
  const lookAtAll = () => {
    for (const site of new Set([...(told?.keys() ?? []), ...elsewhere()])) look(site);
  };
  const dropGone = () => {
    // With another number of workers some have other names.
    const { workers: number } = host().settings.proxy;
    for (const name of workers.keys()) if (Number(name.split(':')[1] ?? 0) >= number) workers.delete(name);
  };
  return {
    began(worker, read) {
      dropGone();
      workers.set(worker, read);
      if ((told?.size ?? elsewhere().length) === 0) return;
      finding += 1;
      setTimeout(() => {
        finding -= 1;
        lookAtAll();
      }, findingOut).unref();
    },
    adopted(worker, read) {
      // Of two runs the newer one is adopted first.
      if (!workers.has(worker)) workers.set(worker, read);
    },
    changed: look,
    goOn(before) {
      told = new Map(before);
      if (finding === 0) lookAtAll();
    },
  };
}

function eventOf({ name, upstreams: { length } }: App, out: readonly string[]): Happening {
  const left = length - out.length;
  if (out.length > 0)
    return { kind: 'upstream-out', name, cause: `${out.join(', ')}; ${left} of ${length} get requests` };
  const cause = length === 1 ? 'it gets requests again' : `all ${length} get requests again`;
  return { kind: 'upstream-back', name, cause };
}

/** "10.0.0.5:8000 (it refuses connections)" for each that some worker leaves out. */
function leftOut({ upstreams }: App, all: readonly Standings[]): readonly string[] {
  return upstreams.flatMap((upstream, place) => {
    const fault = all.map(faults => faults[place] ?? null).find(one => one !== null);
    return fault === undefined ? [] : [`${addressText(upstream)} (${upstreamFaults[fault]})`];
  });
}
