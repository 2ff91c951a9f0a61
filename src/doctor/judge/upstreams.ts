// What an app's upstreams answer, and which of them the proxy leaves out. Pure.

import { plainName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import type { Visited } from '../../protocol/visit.ts';
import { type UpstreamFault, upstreamFaults } from '../../protocol/worker.ts';
import { type Finding, found, type Looked, made } from '../finding.ts';

export interface UpstreamFacts {
  readonly app: App;
  /** A request to each of them, by its address as `id`. */
  readonly visited: readonly Visited[];
  readonly status: Pick<ProgramStatus, 'upstreams'> | null;
  /** Whether the site answers well, by the others. */
  readonly isServing: boolean;
}

export function judgeUpstreams({ app, visited, status, isServing }: UpstreamFacts): Looked {
  const hint = (address: string) =>
    `is the app up there? curl -i -H "Host: ${plainName(app)}" http://${address}/`;
  return found(
    ...visited.flatMap(({ id, why, status: code }): Finding[] => {
      const fault = status?.upstreams?.find(({ address }) => address === id)?.fault ?? null;
      const isBad = why !== '' || code >= 500;
      if (!isBad && fault === null) return [];
      const what = !isBad
        ? `is left out: ${faultText(fault ?? '')}`
        : why === ''
          ? `answers with ${code}`
          : `gives no answer: ${why}`;
      const severity = isBad && !isServing ? 'error' : 'warning';
      return [made('program', severity, `its upstream ${id} ${what}`, hint(id), { explains: true })];
    }),
  );
}

/** A newer hostd may know more faults. */
function faultText(fault: string): string {
  return Object.hasOwn(upstreamFaults, fault) ? upstreamFaults[fault as UpstreamFault] : fault;
}
