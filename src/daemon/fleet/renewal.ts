// New proxy workers in place of the old ones, with other sites, certificates or maintenance pages. All of them take over, or none: two
// configurations are served together for no longer than a hand-over takes.

import { same } from '../../model/changes.ts';
import type { Program } from '../../model/host.ts';
import type { Logger } from '../own/log.ts';
import { proxyGroup, proxyPrograms } from '../proxies/proxies.ts';
import type { Answer } from './loop.ts';
import type { Report } from './orders.ts';
import type { Supervisor } from './supervisor.ts';
import { isDown, type Unit } from './unit.ts';

/** Milliseconds for the former workers to say that they accept no more. A worker that a former hostd has started cannot say it. */
const longestLeave = 500;
/** Tries, where other commands about the workers come in between. */
const mostTries = 5;

let last: Promise<unknown> = Promise.resolve();

/** Does one renewal at a time. Only renewals wait for each other. */
export function inProxyTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}

/** Makes a new generation of proxy workers, with the sites and addresses of the supervisor's host. Returns whether it has taken over. */
export function renewProxies(supervisor: Supervisor, log: Logger, report: Report): Promise<boolean> {
  return inProxyTurn(() => renewNow(supervisor, log, report));
}

/** The same, for a caller that is in its turn. */
export async function renewNow(supervisor: Supervisor, log: Logger, report: Report): Promise<boolean> {
  const name = proxyGroup;
  const host = supervisor.host();
  const wanted = proxyPrograms(host, supervisor.published(host));
  const leaving = listenToLeaving(
    supervisor,
    supervisor.units().filter(unit => unit.program.kind === 'proxy' && !isDown(unit)),
  );
  let result = await handOver(supervisor, wanted);
  for (let tries = 1; result === 'overtaken' && tries < mostTries; tries += 1)
    result = await handOver(supervisor, wanted);
  if (result !== 'done') {
    leaving.forget();
    log.error('the new proxy workers do not get ready: the old ones go on with the old sites');
    const message = `${name}: cannot start new workers; the old ones go on\n  try: hostctl logs ${name}`;
    report({ kind: 'done', name, outcome: 'failed', message });
    return false;
  }
  const stay = new Set(wanted.map(program => program.name));
  for (const program of supervisor.targets())
    if (program.kind === 'proxy' && !stay.has(program.name))
      supervisor.loop.ask(program.name, { kind: 'remove' }, () => {});
  await leaving.left();
  leaving.forget();
  const message = `${name}: ${wanted.length === 0 ? 'stopped' : 'new workers have taken over'}`;
  report({ kind: 'done', name, outcome: 'ok', message });
  return true;
}

/** For certificates on disk that may have changed: makes new workers if they would be told something else. Returns whether it did. */
export function renewCertificates(supervisor: Supervisor, log: Logger): Promise<boolean> {
  return inProxyTurn(async () => {
    const host = supervisor.host();
    const wanted = proxyPrograms(host, supervisor.published(host));
    const current = new Map(supervisor.targets().map(program => [program.name, program]));
    if (wanted.every(program => same(program.environment, current.get(program.name)?.environment)))
      return false;
    log.info('certificates have changed: new proxy workers take over');
    await renewNow(supervisor, log, () => {});
    return true;
  });
}

interface Leaving {
  /** Resolves when all former workers accept no more, so that new connections meet the new workers; at the latest after longestLeave. */
  left(): Promise<void>;
  forget(): void;
}

function listenToLeaving({ loop }: Supervisor, workers: readonly Unit[]): Leaving {
  const there = new Set(workers);
  let done = () => {};
  const leave = (unit: Unit) => {
    there.delete(unit);
    if (there.size === 0) done();
  };
  for (const unit of workers) unit.onDraining = () => leave(unit);
  const forget = loop.listen(unit => {
    if (isDown(unit)) leave(unit);
  });
  return {
    forget,
    async left() {
      if (there.size === 0) return;
      await new Promise<void>(resolve => {
        const late = setTimeout(resolve, longestLeave);
        done = () => {
          clearTimeout(late);
          resolve();
        };
      });
    },
  };
}

/** 'overtaken': another command about one of the workers has come meanwhile. */
async function handOver(
  supervisor: Supervisor,
  programs: readonly Program[],
): Promise<'done' | 'failed' | 'overtaken'> {
  const { loop } = supervisor;
  const answers: Promise<Answer>[] = [];
  const settled: Promise<boolean>[] = [];
  const jobs = programs.map(program => {
    const definition = supervisor.made(program);
    let job = 0;
    let isReady: (is: boolean) => void = () => {};
    settled.push(
      new Promise(resolve => {
        isReady = resolve;
      }),
    );
    answers.push(
      new Promise(resolve => {
        const done = (answer: Answer) => {
          isReady(answer.outcome.kind === 'done');
          resolve(answer);
        };
        job = loop.ask(program.name, { kind: 'hand-over', definition, asks: true }, done, () =>
          isReady(true),
        );
      }),
    );
    return { name: program.name, job };
  });
  const kind = (await Promise.all(settled)).every(Boolean) ? 'commit' : 'abandon';
  for (const { name, job } of jobs) loop.post(name, { kind, job });
  const outcomes = (await Promise.all(answers)).map(({ outcome }) => outcome.kind);
  if (outcomes.every(outcome => outcome === 'done')) return 'done';
  return outcomes.includes('overtaken') ? 'overtaken' : 'failed';
}
