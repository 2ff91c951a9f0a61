// What becomes of the facts of a proxy worker's run, be it this hostd's or one that it has taken over.

import { boundWords, type Fact } from '../../protocol/worker.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import type { Hearing } from '../proxies/proxies.ts';
import type { Traffic } from '../proxies/traffic.ts';
import type { UpstreamNews } from '../proxies/upstream-news.ts';
import { historyOf } from '../proxies/worker-history.ts';
import type { Unit } from './unit.ts';

export interface FactsContext {
  readonly log: Logger;
  readonly traffic: Traffic;
  readonly upstreams: UpstreamNews;
  readonly tell: Tell;
}

/** `onReady`: null: the run is adopted, and was ready long ago. */
export function hearingOf(
  unit: Unit,
  { log, traffic, upstreams, tell }: FactsContext,
  onReady: (() => void) | null,
): Hearing {
  const { name } = unit.program;
  const history = historyOf(unit);
  const read = (site: string) => history.upstreamsOf(site);
  if (onReady === null) upstreams.adopted(name, read);
  const onFact = (fact: Fact): void => {
    switch (fact.kind) {
      case 'ready':
        if (onReady === null) return;
        upstreams.began(name, read);
        onReady();
        return;
      case 'upstreams':
        upstreams.changed(fact.site);
        return;
      case 'bound':
        tell({ kind: 'bound', name, cause: boundWords[fact.what] });
        return;
      case 'draining':
        unit.onDraining?.();
        log.debug({ program: name, ...fact }, 'proxy worker says');
    }
  };
  return { history, traffic, onFact, warn: message => log.warn({ program: name }, message) };
}
