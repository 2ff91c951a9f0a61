// What the proxy's workers say of the upstreams of apps that are served elsewhere, as events: told when others are left out than before.

import { addressText } from '../../model/address.ts';
import type { Happening } from '../../model/happenings.ts';
import type { App, Host } from '../../model/host.ts';
import { type UpstreamFault, upstreamFaults } from '../../protocol/worker.ts';
import type { Tell } from '../events/bus.ts';

type Faults = readonly (UpstreamFault | null)[];

export interface UpstreamNews {
  /** A worker says how a site's upstreams stand. */
  heard(worker: string, site: string, faults: Faults): void;
  /** A run of the worker begins, which leaves out none until it finds out anew. */
  began(worker: string): void;
}

/** Milliseconds in which the requests of a new run show which upstreams are still to be left out. */
const findingOut = 60_000;

export function makeUpstreamNews(host: () => Host, tell: Tell): UpstreamNews {
  /** By worker and site. */
  const said = new Map<string, Map<string, Faults>>();
  /** By site: what was told of it last; not in it: that all get requests. */
  const told = new Map<string, string>();

  const look = (site: string) => {
    const app = host().apps.find(({ name, upstreams }) => name === site && upstreams.length > 0);
    const reports = [...said.values()].flatMap(sites => [sites.get(site) ?? []]);
    const out = app === undefined ? [] : leftOut(app, reports);
    const now = out.join(', ');
    if (now === (told.get(site) ?? '')) return;
    if (now === '') told.delete(site);
    else told.set(site, now);
    if (app !== undefined) tell(eventOf(app, out));
  };
  return {
    heard(worker, site, faults) {
      const sites = said.get(worker) ?? new Map<string, Faults>();
      said.set(worker, sites.set(site, faults));
      look(site);
    },
    began(worker) {
      // With another number of workers some have other names.
      const { workers } = host().settings.proxy;
      for (const name of said.keys()) if (Number(name.split(':')[1] ?? 0) >= workers) said.delete(name);
      const before = said.get(worker);
      if (before === undefined) return;
      for (const [site, faults] of before)
        before.set(
          site,
          faults.map(() => null),
        );
      if (told.size > 0)
        setTimeout(() => {
          for (const site of told.keys()) look(site);
        }, findingOut).unref();
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
function leftOut({ upstreams }: App, all: readonly Faults[]): readonly string[] {
  return upstreams.flatMap((upstream, place) => {
    const fault = all.map(faults => faults[place] ?? null).find(one => one !== null);
    return fault === undefined ? [] : [`${addressText(upstream)} (${upstreamFaults[fault]})`];
  });
}
