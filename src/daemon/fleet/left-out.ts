// What status says of an app that the proxy leaves out, because its workers kept ending while they worked for the app's site.

import type { ProgramStatus } from '../../protocol/control.ts';
import { historyOf } from '../proxies/worker-history.ts';
import type { Unit } from './unit.ts';

/** Adds that to `status`, if a proxy worker among all `units` leaves the app out. */
export function noteLeftOut(status: ProgramStatus, units: readonly Unit[]): ProgramStatus {
  const { app, name, description } = status;
  if (app !== name || !units.some(unit => historyOf(unit).leftOut.has(app))) return status;
  const why =
    'hostd-proxy answers 503 for it, since it kept ending at its requests: hostctl reload hostd-proxy';
  return { ...status, description: `${description}; ${why}` };
}
