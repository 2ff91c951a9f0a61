// From one generation to the next without a refused or lost request: the new one starts on the same sockets while the old one
// serves; when it is ready the old one drains and ends; when it does not get ready the old one serves on.

import { same } from '../../model/changes.ts';
import type { Logger } from '../own/log.ts';
import { proxyGroup, proxyListeners, proxyPrograms } from '../proxies/proxies.ts';
import { killRun, type Run, signalRun } from '../runs/run.ts';
import { tcpKey } from '../sockets/sockets.ts';
import { isProxy, policyFor } from './equip.ts';
import { gunicornApp } from './gunicorn.ts';
import { type Report, start, stop } from './orders.ts';
import { markLog } from './start-log.ts';
import type { Supervisor } from './supervisor.ts';
import { isDown, statusOf, type Unit } from './unit.ts';

/** Milliseconds that new proxy workers may take to be ready. */
const longestProxyStart = 10_000;
/** Milliseconds that a new gunicorn may take to load the app in all its workers. */
const longestAppStart = 120_000;
/** Generations of old workers that may linger; beyond them the oldest gets as long as at a stop. */
const mostGenerations = 4;

/** `hostctl reload`: app by app, so that never more than one has two generations in memory. */
export async function reload(
  supervisor: Supervisor,
  units: readonly Unit[],
  log: Logger,
  report: Report,
): Promise<void> {
  if (units.some(unit => isProxy(unit.program))) await renewProxies(supervisor, log, report);
  for (const unit of units) if (!isProxy(unit.program)) await reloadApp(supervisor, unit, log, report);
}

/** `hostctl reload --hup`: gunicorn's own way; it reads the app anew only without --preload, and old workers end first. */
export function hangUp(supervisor: Supervisor, units: readonly Unit[], report: Report): void {
  for (const unit of units) {
    const { name } = unit.program;
    report(
      supervisor.signal(unit, 'SIGHUP')
        ? { kind: 'done', name, outcome: 'ok', message: `${name}: signalled with SIGHUP` }
        : { kind: 'done', name, outcome: 'failed', message: `${name}: not running` },
    );
  }
}

async function reloadApp(supervisor: Supervisor, unit: Unit, log: Logger, report: Report): Promise<void> {
  const { program } = unit;
  const { name } = program;
  const fail = (message: string) => report({ kind: 'done', name, outcome: 'failed', message });
  if (program.socket === null)
    return fail(`${name}: cannot reload: it has no socket to hand over\n  try: hostctl restart ${name}`);
  if (unit.state.kind !== 'running') {
    const { state } = statusOf(unit, performance.now());
    return fail(`${name}: cannot reload: it is ${state}\n  try: hostctl start ${name}`);
  }
  const logSince = markLog(program);
  const app = gunicornApp(program, supervisor.host());
  const successor = beginSuccession(supervisor, [unit], [program])[0];
  if (successor === undefined) return;
  successor.awaitWorkers = app?.workers ?? 1;
  const waiting: Report = progress => {
    if (progress.kind === 'waiting') report(progress);
  };
  await start(supervisor.loop, [successor], waiting, longestAppStart);
  if (successor.state.kind !== 'running') {
    const { description } = statusOf(successor, performance.now());
    await abandon(supervisor, [unit], [successor]);
    log.error({ program: name }, `cannot reload ${name}: ${description}; the old one serves on`);
    return fail(`${name}: cannot reload: ${description}; the old one serves on${logSince()}`);
  }
  settleSuccession(supervisor, [successor]);
  // The old one finishes its requests: as long as stopwaitsecs allows.
  await stop(supervisor.loop, [unit], waiting);
  report({ kind: 'done', name, outcome: 'ok', message: `${name}: reloaded` });
}

/** A new generation of proxy workers, with the sites and addresses of the supervisor's host. */
export async function renewProxies(supervisor: Supervisor, log: Logger, report: Report): Promise<void> {
  const name = proxyGroup;
  const host = supervisor.host();
  const old = supervisor.units().filter(unit => isProxy(unit.program));
  const fresh = beginSuccession(supervisor, old, proxyPrograms(host, supervisor.published(host)));
  await start(supervisor.loop, fresh, () => {}, longestProxyStart);
  if (fresh.some(unit => unit.state.kind !== 'running')) {
    log.error('the new proxy workers do not get ready: the old ones go on with the old sites');
    await abandon(supervisor, old, fresh);
    const message = `${name}: cannot start new workers; the old ones go on\n  try: hostctl logs ${name}`;
    report({ kind: 'done', name, outcome: 'failed', message });
    return;
  }
  settleSuccession(supervisor, fresh);
  for (const unit of old) supervisor.retire(unit);
  const most = mostGenerations * host.settings.proxy.workers;
  for (const unit of lingeringWorkers(supervisor).slice(0, -most)) hasten(unit);
  releaseAddresses(supervisor);
  const message = `${name}: ${fresh.length === 0 ? 'stopped' : 'new workers have taken over'}`;
  report({ kind: 'done', name, outcome: 'ok', message });
}

/** For certificates on disk that may have changed: new workers, if what they would be told is different; whether it was. */
export async function renewCertificates(supervisor: Supervisor, log: Logger): Promise<boolean> {
  const host = supervisor.host();
  const wanted = proxyPrograms(host, supervisor.published(host));
  const current = new Map(supervisor.units().map(({ program }) => [program.name, program]));
  if (wanted.every(program => same(program.environment, current.get(program.name)?.environment)))
    return false;
  log.info('certificates have changed: new proxy workers take over');
  await renewProxies(supervisor, log, () => {});
  return true;
}

/** Old workers that still have something to finish, the oldest first. */
function lingeringWorkers(supervisor: Supervisor): Unit[] {
  const current = new Set(supervisor.units());
  return supervisor.everyUnit().filter(unit => isProxy(unit.program) && !current.has(unit) && !isDown(unit));
}

/** Old workers get no longer than any other when hostd itself is told to stop. */
export function hastenProxies(supervisor: Supervisor): void {
  for (const unit of lingeringWorkers(supervisor)) hasten(unit);
}

const hastened = new WeakSet<Run>();

function hasten(unit: Unit): void {
  const { run, program } = unit;
  if (run === null || hastened.has(run)) return;
  hastened.add(run);
  signalRun(run, program.stopsignal, false);
  const kill = () => {
    // Once it is over its descriptors, and their numbers, may be another's.
    if (unit.run === run) killRun(run);
  };
  setTimeout(kill, program.stopwaitsecs * 1000).unref();
}

/** Closes the listeners that no configuration asks for any more. */
function releaseAddresses(supervisor: Supervisor): void {
  const host = supervisor.host();
  const wanted = new Set(
    host.settings.proxy.enabled ? proxyListeners(host).map(({ address }) => tcpKey(address)) : [],
  );
  for (const key of [...supervisor.sockets.held().keys()]) {
    if (!key.startsWith('/') && !wanted.has(key)) supervisor.sockets.release(key);
  }
}

/** Units for the new generation, not in the table yet. The old one is not started again should it die now. */
function beginSuccession(
  supervisor: Supervisor,
  old: readonly Unit[],
  programs: readonly Unit['program'][],
): Unit[] {
  const lastRun = Math.max(0, ...old.map(unit => unit.state.run));
  for (const unit of old) unit.policy = { ...unit.policy, autorestart: 'never' };
  return programs.map(program => {
    const unit = supervisor.makeSuccessor(program);
    // Run numbers name records and cgroups: the generations must not share one.
    unit.state = { kind: 'stopped', run: lastRun };
    unit.policy = { ...unit.policy, autorestart: 'never', startretries: 0 };
    return unit;
  });
}

function settleSuccession(supervisor: Supervisor, fresh: readonly Unit[]): void {
  for (const unit of fresh) {
    unit.successor = false;
    // From now on it is started like any other: RUNNING with its first worker.
    unit.awaitWorkers = 1;
    unit.policy = policyFor(unit.program, supervisor.host());
    supervisor.replace(unit);
  }
}

async function abandon(supervisor: Supervisor, old: readonly Unit[], fresh: readonly Unit[]): Promise<void> {
  await stop(
    supervisor.loop,
    fresh.filter(unit => !isDown(unit)),
    () => {},
  );
  for (const unit of fresh) supervisor.retire(unit);
  for (const unit of old) {
    unit.policy = policyFor(unit.program, supervisor.host());
    // It died in the meantime and was not started again, for its successor's sake.
    if (isDown(unit)) supervisor.loop.post(unit, { kind: 'start' });
  }
}
