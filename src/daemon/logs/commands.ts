// What hostctl logs asks for: the end of a log, or that logs are rotated or reopened. SIGUSR1 asks for the last, too.

import type { ServerResponse } from 'node:http';
import { errnoOf, HostdError, messageOf } from '../../errors.ts';
import type { Owner } from '../../linux/paths.ts';
import type { Progress } from '../../protocol/control.ts';
import { distinctNames } from '../../protocol/names.ts';
import { type Call, type Handlers, stream } from '../control/control.ts';
import { nobody, toldNobody } from '../fleet/elsewhere.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import { ownerOfSite } from '../proxies/site-owner.ts';
import { userOf } from '../runs/launch.ts';
import type { Followers } from './followers.ts';
import type { KeptLog } from './kept-log.ts';
import type { Logs } from './logs.ts';
import { type Sink, tail } from './tail.ts';

/** Lines that are shown where no number is given. */
const usualLines = 100;
/** Lines that are counted in one go, while nothing else is done. */
const mostLines = 100_000;

export function logHandlers(supervisor: Supervisor, logs: Logs): Handlers {
  return {
    'GET /logs': call => showLog(supervisor, logs.followers, call),
    'POST /logs/rotate': call => each(supervisor, logs, call, putAside),
    'POST /logs/reopen': call => each(supervisor, logs, call, reopen),
  };
}

/** Reopens logs that were moved while no hostd ran: adopted programs still write to them, and the signal found no hostd. */
export function reopenMoved(logs: Logs, log: Logger): void {
  for (const watched of logs.of(null).logs)
    void reopen(watched).then(progress => {
      if (progress.outcome !== 'noop') tell(log, progress);
    });
}

/** Reopens logs on SIGUSR1, as other daemons do. */
export function reopenOnSignal(logs: Logs, log: Logger): void {
  process.on('SIGUSR1', () => {
    log.info('received SIGUSR1: reopening logs');
    for (const watched of logs.of(null).logs) void reopen(watched).then(progress => tell(log, progress));
  });
}

function tell(log: Logger, progress: Done): void {
  log[progress.outcome === 'failed' ? 'warn' : 'info']({ program: progress.name }, progress.message);
}

type Done = Progress & { readonly kind: 'done' };

/** The named logs in the body, or every open log, one after the other, so that the disk is not asked for all at once. */
function each(
  supervisor: Supervisor,
  logs: Logs,
  call: Call,
  act: (log: KeptLog) => Promise<Done>,
): Promise<undefined> {
  const { names } = call.body;
  if (names !== undefined && !(Array.isArray(names) && names.every(name => typeof name === 'string')))
    throw new HostdError('usage', 'cannot tell which logs are meant: "names" must be a list of strings');
  const distinct = distinctNames(names ?? []);
  return stream(call.response, async report => {
    const units: Unit[] = [];
    for (const name of distinct) {
      const found = supervisor.select(name);
      units.push(...found);
      if (found.length === 0 && name !== 'all') report(toldNobody(supervisor.host(), name));
    }
    const chosen = logs.of(names === undefined ? null : [...new Set(units)]);
    try {
      for (const log of chosen.logs) report(await act(log));
    } finally {
      chosen.close();
    }
  });
}

async function putAside(log: KeptLog): Promise<Done> {
  const { name, path } = log.source;
  try {
    const bytes = await log.rotateNow();
    if (bytes > 0) return done(name, 'ok', `put aside ${bytes} bytes of "${path}"`);
    return done(name, 'noop', `"${path}" is empty`);
  } catch (error) {
    return done(name, 'failed', failure('rotate', path, error));
  }
}

async function reopen(log: KeptLog): Promise<Done> {
  const { name, path } = log.source;
  try {
    const bytes = await log.reopen();
    if (bytes === null) return done(name, 'noop', `"${path}" has not been moved`);
    return done(name, 'ok', `reopened "${path}", ${bytes} bytes stay where they were moved to`);
  } catch (error) {
    return done(name, 'failed', failure('reopen', path, error));
  }
}

function done(name: string, outcome: Done['outcome'], message: string): Done {
  return { kind: 'done', name, outcome, message: `${name}: ${message}` };
}

function failure(what: string, path: string, error: unknown): string {
  const hint = error instanceof HostdError && error.hint !== undefined ? `\n  try: ${error.hint}` : '';
  return `cannot ${what} "${path}": ${messageOf(error)}${hint}`;
}

function showLog(supervisor: Supervisor, followers: Followers, { query, response }: Call): undefined {
  const name = query.get('name') ?? '';
  const { path, owner } = logFile(supervisor, name, query.get('channel'));
  const wanted = Number(query.get('lines') ?? usualLines);
  const lines = Number.isSafeInteger(wanted) && wanted >= 0 ? Math.min(wanted, mostLines) : usualLines;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  try {
    const shown = tail(
      path,
      owner,
      { from: { lines }, follow: query.has('follow') },
      sinkOf(response),
      followers,
    );
    response.on('close', () => shown.close());
  } catch (error) {
    if (error instanceof HostdError) throw error;
    throw new HostdError('failed', `${name}: cannot read "${path}": ${errnoOf(error) ?? String(error)}`);
  }
  response.flushHeaders();
  return undefined;
}

/** The file that is meant, and whose rights it is opened with. An app that is elsewhere has its site's logs alone. */
function logFile(
  supervisor: Supervisor,
  name: string,
  channel: string | null,
): { path: string; owner: Owner } {
  const host = supervisor.host();
  const unit = supervisor.unit(name) ?? supervisor.select(name)[0];
  const site = host.sites.find(site => site.name === (unit === undefined ? name : unit.program.app));
  const files = {
    stderr: unit?.program.stderr?.path,
    access: site?.accessLog,
    errors: site?.errorLog,
  };
  const isNamed = channel !== null && Object.hasOwn(files, channel);
  const path = isNamed ? files[channel as keyof typeof files] : unit?.program.stdout.path;
  if (unit === undefined) {
    if (site === undefined || path == null) throw nobody(host, name);
    return { path, owner: ownerOfSite(host, site.name) };
  }
  if (path == null) throw new HostdError('failed', `${name}: has no such log file`);
  const { uid, gid } = userOf(unit.program);
  return { path, owner: { uid, gid } };
}

function sinkOf(response: ServerResponse): Sink {
  return {
    write: bytes => response.write(bytes),
    whenReady: callback => response.once('drain', callback),
    end: () => response.end(),
  };
}
