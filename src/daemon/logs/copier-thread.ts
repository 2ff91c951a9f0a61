// Starts a copier for one job and talks with it.

import type { Job, Order, Report } from './copier.ts';

/** A .js file, built beside this one; a .ts file in the source tree. */
const code = new URL(`./copier${import.meta.url.slice(-3)}`, import.meta.url);

export interface Copier {
  /** The next report, after giving the order if there is one. @throws an Error with its `code` when the copier has failed. */
  next(order?: Order): Promise<Exclude<Report, { kind: 'failed' }>>;
  /** Ends the thread; the files may be closed when this resolves. */
  end(): Promise<void>;
}

export function startCopier(job: Job): Copier {
  // Loaded when there is something to copy.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(code, { workerData: job, env: {}, stdin: false });
  const reports: Report[] = [];
  let waiting: ((report: Report) => void) | null = null;
  const take = (report: Report) => {
    if (waiting === null) reports.push(report);
    else waiting(report);
    waiting = null;
  };
  const died = (message: string) => take({ kind: 'failed', code: 'failed', message });
  worker.on('message', take);
  worker.on('error', error => died(error.message));
  worker.on('exit', () => died('the copying thread has ended'));
  return {
    async next(order) {
      if (order !== undefined) worker.postMessage(order);
      const report = reports.shift() ?? (await new Promise<Report>(resolve => (waiting = resolve)));
      if (report.kind === 'failed') throw Object.assign(new Error(report.message), { code: report.code });
      return report;
    },
    async end() {
      await worker.terminate();
    },
  };
}
