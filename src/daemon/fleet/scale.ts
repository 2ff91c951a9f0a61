// `hostctl scale`: asks an app's service for another number of workers, and reports the result.

import type { Scaling } from '../../lifecycle/service.ts';
import type { Program } from '../../model/host.ts';
import type { Progress } from '../../protocol/control.ts';
import { byOf, wordsOf } from './asker.ts';
import { gunicornApp } from './gunicorn.ts';
import { ask, overtaking, type Report } from './orders.ts';
import type { Supervisor } from './supervisor.ts';

/** The number holds until the app's next start, which takes it from the configuration. */
export async function scale(
  supervisor: Supervisor,
  program: Program,
  workers: number,
  report: Report,
): Promise<void> {
  const { name } = program;
  const failed = (message: string) => report({ kind: 'done', name, outcome: 'failed', message });
  if (gunicornApp(program, supervisor.host()) === null)
    return failed(`${name}: cannot scale: only an app's own gunicorn has workers`);
  const { outcome } = await ask(supervisor, name, { kind: 'scale', workers }, () => {});
  if (outcome.kind === 'scaled') {
    const { asker } = supervisor;
    const cause = `${outcome.before} workers before, ${outcome.now} now`;
    if (outcome.before !== outcome.now)
      supervisor.tell({
        kind: 'scaled',
        name,
        cause: asker === null ? cause : `${wordsOf(asker)}: ${cause}`,
        ...byOf(asker),
      });
    return report(scaledReport(name, workers, outcome));
  }
  if (outcome.kind !== 'overtaken') {
    const isAsleep = supervisor.loop.entries.get(name)?.service.asleep === true;
    return failed(`${name}: not running${isAsleep ? `: it sleeps\n  try: hostctl start ${name}` : ''}`);
  }
  failed(`${name}: cannot scale: it was ${overtaking[outcome.by]} meanwhile`);
}

function scaledReport(name: string, workers: number, { before, now }: Scaling): Progress {
  const count = (n: number) => `${n} worker${n === 1 ? '' : 's'}`;
  if (now !== workers) {
    const message = `${name}: cannot scale: gunicorn stays at ${count(now)}`;
    return { kind: 'done', name, outcome: 'failed', message };
  }
  const message = `${name}: ${count(workers)} (${before} before), until its next start`;
  return { kind: 'done', name, outcome: before === workers ? 'noop' : 'ok', message };
}
