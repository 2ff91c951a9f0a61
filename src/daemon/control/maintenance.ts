// `hostctl maintenance`: which sites serve their maintenance page. A change is written down first, so that it outlasts hostd. It is
// in force when new proxy workers have taken over.

import { HostdError } from '../../errors.ts';
import type { MaintenanceReply } from '../../protocol/control.ts';
import { defaultRetryAfter, type Maintenance } from '../../protocol/worker.ts';
import { byOf } from '../fleet/asker.ts';
import type { Report } from '../fleet/orders.ts';
import { inProxyTurn, renewNow } from '../fleet/renewal.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import type { Logger } from '../own/log.ts';
import type { Records } from '../runs/records.ts';

/** Seconds: a week. */
const longestRetryAfter = 604_800;

export function listMaintenance(supervisor: Supervisor, records: Records): MaintenanceReply {
  const all = records.maintenance();
  return {
    sites: supervisor.host().sites.map(({ name }) => {
      const maintenance = all.get(name);
      return { name, maintenance: maintenance !== undefined, retryAfter: maintenance?.retryAfter ?? null };
    }),
  };
}

/** The maintenance that a request asks for; null: none. @throws HostdError 'usage' */
export function readMaintenanceOrder(body: { readonly [key: string]: unknown }): Maintenance | null {
  const { on, retryAfter = defaultRetryAfter } = body;
  if (typeof on !== 'boolean')
    throw new HostdError(
      'usage',
      'cannot tell whether maintenance begins or ends: "on" must be true or false',
    );
  if (!on) return null;
  if (Number.isSafeInteger(retryAfter) && Number(retryAfter) >= 1 && Number(retryAfter) <= longestRetryAfter)
    return { retryAfter: Number(retryAfter) };
  const message = `cannot use retryAfter ${JSON.stringify(retryAfter)}: not a number of seconds, 1 to ${longestRetryAfter}`;
  throw new HostdError('usage', message);
}

/** "all" is every site. A name of no site is reported and left out. */
export function setMaintenance(...given: Parameters<typeof setInTurn>): Promise<void> {
  return inProxyTurn(() => setInTurn(...given));
}

async function setInTurn(
  names: readonly string[],
  wanted: Maintenance | null,
  supervisor: Supervisor,
  records: Records,
  log: Logger,
  report: Report,
): Promise<void> {
  const { settings, sites } = supervisor.host();
  if (!settings.proxy.enabled)
    throw new HostdError('conflict', 'cannot change maintenance: [proxy] enabled = false', {
      hint: 'say it to the proxy that serves the sites; in nginx: return 503;',
    });
  const known = new Set(sites.map(site => site.name));
  const before = records.maintenance();
  const chosen = new Set(names.flatMap(name => (name === 'all' ? [...known] : [name])));
  for (const name of chosen) {
    if (!known.has(name)) {
      chosen.delete(name);
      report({ kind: 'done', name, outcome: 'unknown', message: `${name}: no such app` });
    }
  }
  const restore = () => {
    for (const name of chosen) records.setMaintenance(name, before.get(name) ?? null);
  };
  try {
    for (const name of chosen) records.setMaintenance(name, wanted);
  } catch (error) {
    restore();
    throw error;
  }
  let failed = false;
  const changed = [...chosen].some(name => before.get(name)?.retryAfter !== wanted?.retryAfter);
  if (changed) {
    await renewNow(supervisor, log, progress => {
      if (progress.kind !== 'done' || progress.outcome !== 'failed') return;
      failed = true;
      report(progress);
    });
  }
  // A change that did not come into force must not do so by surprise at the next start.
  if (failed) restore();
  else
    for (const name of chosen) {
      const done = outcome(name, wanted, before.get(name) ?? null);
      report(done);
      if (done.outcome === 'ok') tellMaintenance(name, wanted !== null, supervisor);
    }
}

function tellMaintenance(name: string, on: boolean, { tell, asker }: Supervisor): void {
  const what = on ? 'on' : 'off';
  const cause = asker?.user == null ? what : `${what}, by ${asker.user}`;
  tell({ kind: 'maintenance', name, cause, ...byOf(asker) });
}

function outcome(name: string, wanted: Maintenance | null, before: Maintenance | null) {
  const same = wanted?.retryAfter === before?.retryAfter;
  const state = `maintenance ${wanted === null ? 'off' : 'on'}`;
  return { kind: 'done', name, outcome: same ? 'noop' : 'ok', message: `${name}: ${state}` } as const;
}
