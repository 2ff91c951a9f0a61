// Changes the number of gunicorn workers of a live run, by gunicorn's own signals TTIN and TTOU. lifecycle decides whether to
// change it.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scaling } from '../../lifecycle/service.ts';
import { type Run, signalRun } from '../runs/run.ts';
import type { Unit } from './unit.ts';

/** Milliseconds for gunicorn to act on one signal, and between two looks. */
const longestStep = 5000;
const look = 20;
/** Children that are counted. An app may have any number, and each counts as a worker. */
const mostChildren = 2000;

/** The last order for a run. */
interface Order {
  workers: number;
  /** The number of workers at the time of the order. */
  before: number;
  done: (scaling: Scaling) => void;
}

const orders = new WeakMap<Run, Order>();

/**
 * Gives the unit's run this many workers, and calls back with the result. A run that is about to end is not changed. A new order during
 * an old one changes the number, and only the new order's callback is called.
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
  // One signal at a time, since the kernel keeps one of two equal pending signals.
  while (now !== order.workers && now <= mostChildren && isUp(unit, run)) {
    signalRun(run, now < order.workers ? 'SIGTTIN' : 'SIGTTOU', false);
    const other = await otherCount(unit, run, now);
    if (other === null) break;
    now = other;
  }
  orders.delete(run);
  if (isUp(unit, run)) order.done({ before: order.before, now });
}

/** Whether the run's process can be signalled, and is not about to end. */
function isUp(unit: Unit, run: Run): boolean {
  return unit.run === run && unit.state.kind === 'running';
}

/** The number of workers once it differs from `count`; null: it stays the same. */
async function otherCount(unit: Unit, run: Run, count: number): Promise<number | null> {
  for (let waited = 0; waited < longestStep && isUp(unit, run); waited += look) {
    await sleep(look);
    const now = countWorkers(run);
    if (now !== count) return now;
  }
  return null;
}

/** The number of gunicorn's children, which are its workers. 0: it has ended. */
function countWorkers({ process: { pid } }: Run): number {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length;
  } catch {
    return 0;
  }
}
