// What `hostctl status` says of an app that is served elsewhere: which of its upstreams the proxy leaves out, and why. Pure.

import { addressText } from '../../model/address.ts';
import type { App } from '../../model/host.ts';
import { stateCodes } from '../../model/state.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import { type UpstreamFault, upstreamFaults } from '../../protocol/worker.ts';

/** `told`: what each proxy worker has last said, in the order of the addresses; empty: nothing, so it leaves out none. */
export function elsewhereStatus(
  { name, upstreams }: App,
  told: readonly (readonly (UpstreamFault | null)[])[],
): ProgramStatus {
  const faults = upstreams.map((_, place) =>
    told.map(one => one[place] ?? null).find(fault => fault !== null),
  );
  const out = upstreams.flatMap((upstream, place) => {
    const fault = faults[place];
    return fault == null ? [] : [`${addressText(upstream)} (${upstreamFaults[fault]})`];
  });
  const state = out.length < upstreams.length ? 'RUNNING' : 'BACKOFF';
  const all =
    out.length === 0
      ? `elsewhere: ${upstreams.map(addressText).join(', ')}`
      : `elsewhere: ${upstreams.length - out.length} of ${upstreams.length}, left out: ${out.join(', ')}`;
  return {
    name,
    app: name,
    group: name,
    state,
    statecode: stateCodes[state],
    pid: null,
    uptime_seconds: null,
    exitstatus: null,
    spawnerr: '',
    description: all,
    run: 0,
    started: null,
    stopped: null,
    idle_since: null,
    reload_seconds: null,
    site: null,
    schedule: null,
    upstreams: upstreams.map((upstream, place) => ({
      address: addressText(upstream),
      fault: faults[place] ?? null,
    })),
  };
}
