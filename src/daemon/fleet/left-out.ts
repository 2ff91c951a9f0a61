// What status says of an app whose site the proxy leaves out, since its workers kept ending while they worked for it.

import type { ProgramStatus } from '../../protocol/control.ts';
import { historyOf } from '../proxies/worker-history.ts';
import type { Unit } from './unit.ts';

/** Adds it to `status`, where one of all `units` is a worker that leaves the app out. */
export function noteLeftOut(status: ProgramStatus, units: readonly Unit[]): ProgramStatus {
  const { app, name, description } = status;
  if (app !== name || !units.some(unit => historyOf(unit).leftOut.has(app))) return status;
  const why =
    'hostd-proxy answers 503 for it, since it kept ending at its requests: hostctl reload hostd-proxy';
  return { ...status, description: `${description}; ${why}` };
}
