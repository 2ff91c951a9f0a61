// The number of gunicorn workers of a live run, changed by gunicorn's own signals TTIN and TTOU. Whether it is to be changed is
// lifecycle's business.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scaling } from '../../lifecycle/service.ts';
import { type Run, signalRun } from '../runs/run.ts';
import type { Unit } from './unit.ts';

/** Milliseconds that gunicorn may take to act on one signal, and between two looks at whether it has. */
const longestStep = 5000;
const look = 20;
/** An app may have as many children as it likes, and call each a worker. */
const mostChildren = 2000;

/** What a run was told last. */
interface Order {
  workers: number;
  /** Workers that it had when it was told. */
  before: number;
  done: (scaling: Scaling) => void;
}

const orders = new WeakMap<Run, Order>();

/**
 * Gives the unit's run so many workers, and says what has come of it: nothing, when the run is about to end. Told again while
 * it is at it, it goes on to the new number and answers the new asker alone.
 */
export function scaleRun(unit: Unit, workers: number, done: (scaling: Scaling) => void): void {
  const { run } = unit;
  if (run === null) return;
  const order: Order = { workers, before: countWorkers(run), done };
  const earlier = orders.get(run);
  if (earlier !== undefined) Object.assign(earlier, order);
  else void obey(unit, run, order);
}

async function obey(unit: Unit, run: Run, order: Order): Promise<void> {
  orders.set(run, order);
  let now = order.before;
  // One by one: of two equal signals that are pending the kernel keeps one.
  while (now !== order.workers && now <= mostChildren && isUp(unit, run)) {
    signalRun(run, now < order.workers ? 'SIGTTIN' : 'SIGTTOU', false);
    const other = await otherCount(unit, run, now);
    if (other === null) break;
    now = other;
  }
  orders.delete(run);
  if (isUp(unit, run)) order.done({ before: order.before, now });
}

/** Its process can be signalled, and is not on its way out. */
function isUp(unit: Unit, run: Run): boolean {
  return unit.run === run && unit.state.kind === 'running';
}

/** The number of workers once it is another than `count`; null: it stays so. */
async function otherCount(unit: Unit, run: Run, count: number): Promise<number | null> {
  for (let waited = 0; waited < longestStep && isUp(unit, run); waited += look) {
    await sleep(look);
    const now = countWorkers(run);
    if (now !== count) return now;
  }
  return null;
}

/** gunicorn's children are its workers. 0: it has ended. */
function countWorkers({ process: { pid } }: Run): number {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length;
  } catch {
    return 0;
  }
}
