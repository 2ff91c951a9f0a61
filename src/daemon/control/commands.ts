// What each call on the control socket does, in terms of the supervisor.

import { constants } from 'node:os';
import { HostdError } from '../../errors.ts';
import { mostWorkers, type PidReply, type Progress } from '../../protocol/control.ts';
import { distinctNames } from '../../protocol/names.ts';
import type { SiteTraffic } from '../../protocol/traffic.ts';
import { refusalFor } from '../callers/standing.ts';
import type { Ending } from '../ending.ts';
import { type Asker, byOf } from '../fleet/asker.ts';
import { toldNobody } from '../fleet/elsewhere.ts';
import { hangUp, reload } from '../fleet/handover.ts';
import { type Command, type Report, restart, start, stop } from '../fleet/orders.ts';
import { scale } from '../fleet/scale.ts';
import { unlessGathered } from '../fleet/scheduled.ts';
import { askedBy, type Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';
import { reread, update } from '../fleet/update.ts';
import { eventHandlers } from '../journal/handlers.ts';
import type { Journal } from '../journal/journal.ts';
import { logHandlers } from '../logs/commands.ts';
import type { Disks } from '../logs/disks.ts';
import type { Logs } from '../logs/logs.ts';
import { notifyHandlers } from '../notify/handlers.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Logger } from '../own/log.ts';
import { startedVersion } from '../own/version.ts';
import type { Certificates } from '../proxies/certificates.ts';
import type { Records } from '../runs/records.ts';
import { sampleHandlers } from '../samples/handlers.ts';
import type { Samples } from '../samples/sample.ts';
import type { Schedules } from '../schedules/schedules.ts';
import { about } from './about.ts';
import { type Call, type Handlers, stream } from './control.ts';
import { examinationHandlers } from './examination.ts';
import { listMaintenance, readMaintenanceOrder, setMaintenance } from './maintenance.ts';
import { status } from './status.ts';

export interface Daemon {
  readonly supervisor: Supervisor;
  readonly log: Logger;
  readonly logs: Logs;
  readonly records: Records;
  readonly certificates: Pick<Certificates, 'states'>;
  readonly schedules: Pick<Schedules, 'note'>;
  readonly ending: Ending;
  readonly journal: Journal;
  readonly notifier: Notifier;
  readonly samples: Samples;
  readonly disks: Pick<Disks, 'troubles'>;
}

export function commandHandlers(daemon: Daemon): Handlers {
  const { supervisor, records, log, ending } = daemon;
  /** The supervisor of whoever calls. */
  const callers = (call: Call) => askedBy(askerOf(call), supervisor);
  const act = (call: Call, work: (units: Unit[], report: Report) => Promise<void>) => {
    const names = namesOf(call);
    return stream(call.response, report => work(choose(supervisor, names, report), report));
  };
  // A program that a command has stopped stays stopped when hostd itself is restarted.
  const order = (call: Call, command: Command, stopped: boolean) =>
    act(call, (units, report) => {
      for (const unit of units) records.setStopped(unit.program.name, stopped);
      return command(callers(call), programsOf(units), report);
    });
  /** A scheduled program is run by its own name alone. */
  const orderNow = (call: Call, command: Command) =>
    order(call, unlessGathered(namesOf(call), command), false);
  return {
    'GET /status': ({ query }) => status(daemon, distinctNames(query.getAll('name'))),
    'GET /sites': ({ query }) => sites(supervisor, distinctNames(query.getAll('name'))),
    'GET /about': ({ query }) => about(supervisor, query.get('name') ?? ''),
    'GET /pid': (): PidReply => ({ pid: process.pid, version: startedVersion }),
    ...logHandlers(supervisor, daemon.logs),
    ...eventHandlers(supervisor, daemon.journal),
    ...notifyHandlers(daemon.notifier),
    ...examinationHandlers(() => supervisor.host()),
    ...sampleHandlers(daemon.samples, supervisor),
    'POST /start': call => orderNow(call, start),
    'POST /stop': call => order(call, stop, true),
    'POST /restart': call => orderNow(call, restart),
    'POST /reload': call =>
      act(call, async (units, report) => {
        if (call.body['hup'] === true) hangUp(supervisor, units, report);
        else await reload(callers(call), programsOf(units), log, report);
      }),
    'POST /scale': call => {
      const workers = call.body['workers'];
      if (!Number.isSafeInteger(workers) || Number(workers) < 1 || Number(workers) > mostWorkers)
        throw new HostdError(
          'usage',
          `cannot scale to "${workers}": not a number of workers from 1 to ${mostWorkers}`,
        );
      return act(call, async (units, report) => {
        const asked = callers(call);
        await Promise.all(units.map(({ program }) => scale(asked, program, Number(workers), report)));
      });
    },
    'POST /signal': call => {
      const signal = signalOf(call.body['signal']);
      return act(call, async (units, report) => {
        for (const unit of units) report(signalUnit(callers(call), unit, signal, call));
      });
    },
    'GET /maintenance': () => listMaintenance(supervisor, records),
    'POST /maintenance': call => {
      const names = namesOf(call);
      const wanted = readMaintenanceOrder(call.body);
      return stream(call.response, report =>
        setMaintenance(names, wanted, callers(call), records, log, report),
      );
    },
    'POST /reread': () => reread(supervisor).reply,
    'POST /update': call =>
      stream(call.response, report => {
        if (call.body['dryRun'] === true) {
          report({ kind: 'reread', ...reread(supervisor).reply });
          return Promise.resolve();
        }
        return update(callers(call), log, report);
      }),
    'POST /shutdown': call =>
      stream(call.response, report => ending.shutdown(call.body['keepApps'] === true, report, askerOf(call))),
    'POST /upgrade': call => stream(call.response, report => ending.upgrade(report, askerOf(call))),
  };
}

function askerOf({ path, user }: Call): Asker {
  return { what: path.slice(1), user };
}

/** The counts of the named sites, or of all sites and of the requests that had none. */
function sites(supervisor: Supervisor, names: readonly string[]): SiteTraffic[] {
  const all = supervisor
    .host()
    .sites.map(site => site.name)
    .sort();
  const unknown = names.find(name => !all.includes(name));
  if (unknown !== undefined) throw new HostdError('unknown-name', `no such site: "${unknown}"`);
  return supervisor.traffic.report(names.length === 0 ? [...all, null] : [...new Set(names)]);
}

function namesOf({ body }: Call): string[] {
  const { names } = body;
  if (Array.isArray(names) && names.length > 0 && names.every(name => typeof name === 'string'))
    return distinctNames(names);
  throw new HostdError('usage', 'cannot tell which programs are meant: "names" must be a list of strings');
}

/** The units that the names mean, each once. Unknown names are reported. */
function choose(supervisor: Supervisor, names: readonly string[], report: Report): Unit[] {
  const chosen = new Set<Unit>();
  for (const name of names) {
    const units = supervisor.select(name);
    if (units.length === 0 && name !== 'all') report(toldNobody(supervisor.host(), name));
    for (const unit of units) chosen.add(unit);
  }
  return [...chosen];
}

const programsOf = (units: readonly Unit[]) => units.map(({ program }) => program);

/** A signal by its name with or without SIG, in any case, or by its number. */
function signalOf(value: unknown): NodeJS.Signals {
  const text = String(value).toUpperCase();
  const names = Object.entries(constants.signals);
  const found = names.find(
    ([name, number]) => name === text || name === `SIG${text}` || String(number) === text,
  );
  if (found === undefined)
    throw new HostdError('usage', `cannot send signal "${value}": there is none of that name`, {
      hint: 'kill -l',
    });
  return found[0] as NodeJS.Signals;
}

function signalUnit(supervisor: Supervisor, unit: Unit, signal: NodeJS.Signals, { caller }: Call): Progress {
  const { name } = unit.program;
  const refused = refusalFor(caller, 'POST /signal', unit.program, supervisor.host(), signal);
  if (refused !== null)
    return { kind: 'done', name, outcome: 'failed', message: `${refused}\n  try: sudo hostctl signal ...` };
  if (unit.program.kind === 'proxy' && signal === 'SIGUSR1') {
    const message = `${name}: cannot signal with SIGUSR1: its logs are hostd's to open again\n  try: hostctl logs --reopen`;
    return { kind: 'done', name, outcome: 'failed', message };
  }
  const isSent = supervisor.signal(unit, signal);
  const { asker } = supervisor;
  if (isSent)
    supervisor.tell({
      kind: 'signalled',
      name,
      cause: asker?.user == null ? signal : `${signal}, by ${asker.user}`,
      ...byOf(asker),
    });
  return isSent
    ? { kind: 'done', name, outcome: 'ok', message: `${name}: signalled` }
    : { kind: 'done', name, outcome: 'failed', message: `${name}: not running` };
}
