// The number of gunicorn workers of a running app, changed by gunicorn's own signals TTIN and TTOU.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../model/host.ts';
import type { Progress } from '../../protocol/control.ts';
import { type Run, signalRun } from '../runs/run.ts';
import { gunicornApp } from './gunicorn.ts';
import type { Unit } from './unit.ts';

/** Milliseconds that gunicorn may take to act on one signal, and between two looks at whether it has. */
const longestStep = 5000;
const look = 20;
/** An app may have as many children as it likes, and call each a worker. */
const mostWorkers = 2000;

/** Until the app's next start; the configuration says how many there are then. */
export async function scale(unit: Unit, host: Host, wanted: number): Promise<Progress> {
  const { name } = unit.program;
  const failed = (message: string): Progress => ({ kind: 'done', name, outcome: 'failed', message });
  if (gunicornApp(unit.program, host) === null)
    return failed(`${name}: cannot scale: only an app's own gunicorn has workers`);
  const { run } = unit;
  if (run === null || unit.state.kind !== 'running') return failed(`${name}: not running`);
  const before = countWorkers(run);
  if (before > mostWorkers) return failed(`${name}: cannot scale: it has ${before} children`);
  // One by one: of two equal signals that are pending the kernel keeps one.
  for (let now = before; now !== wanted; now += Math.sign(wanted - now)) {
    signalRun(run, now < wanted ? 'SIGTTIN' : 'SIGTTOU', false);
    if (!(await changed(run, now))) return failed(`${name}: cannot scale: gunicorn stays at ${now} workers`);
  }
  const outcome = before === wanted ? 'noop' : 'ok';
  const message = `${name}: ${wanted} workers (${before} before), until its next start`;
  return { kind: 'done', name, outcome, message };
}

async function changed(run: Run, count: number): Promise<boolean> {
  for (let waited = 0; waited < longestStep; waited += look) {
    await sleep(look);
    if (countWorkers(run) !== count) return true;
  }
  return false;
}

/** gunicorn's children are its workers. 0: it has ended. */
function countWorkers({ process: { pid } }: Run): number {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length;
  } catch {
    return 0;
  }
}
