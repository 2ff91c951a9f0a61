// The answer to `hostctl status`: each program as its unit has it, with what is known of its site.

import { closedTo } from '../../linux/closed.ts';
import { keepsConnections, leavesToFile } from '../../model/app.ts';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { Host, Program, ProxySettings } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import { native } from '../../native/index.ts';
import type { ProgramStatus, StatusReply } from '../../protocol/control.ts';
import type { UpstreamFault } from '../../protocol/worker.ts';
import { isMeant } from '../fleet/elsewhere.ts';
import { noteLeftOut } from '../fleet/left-out.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { statusOf, type Unit } from '../fleet/unit.ts';
import { waitingIn } from '../fleet/waiting.ts';
import type { Disks } from '../logs/disks.ts';
import type { Logs } from '../logs/logs.ts';
import type { Certificates } from '../proxies/certificates.ts';
import { historyOf } from '../proxies/worker-history.ts';
import type { Records } from '../runs/records.ts';
import type { Schedules } from '../schedules/schedules.ts';
import { elsewhereStatus } from './elsewhere.ts';
import { type Closed, noteReload, noteRoom, noteSite } from './site-notes.ts';

export interface Known {
  readonly supervisor: Supervisor;
  readonly records: Pick<Records, 'maintenance'>;
  readonly certificates: Pick<Certificates, 'states'>;
  readonly logs: Pick<Logs, 'withoutRoom'>;
  readonly disks: Pick<Disks, 'troubles'>;
  readonly schedules: Pick<Schedules, 'note'>;
}

/** The status of the named programs, or of all. */
export function status(known: Known, names: readonly string[]): StatusReply {
  const { supervisor, records, certificates, logs, schedules } = known;
  const now = performance.now();
  const chosen = names.length === 0 ? supervisor.units() : names.flatMap(name => supervisor.select(name));
  const all = supervisor.units();
  const maintenance = records.maintenance();
  const states = certificates.states();
  const waiting = waitingIn(all, Math.floor(Date.now() / 1000));
  const noted = (unit: Unit): ProgramStatus => {
    const { name } = unit.program;
    const plain = noteRoom(noteLeftOut(schedules.note(statusOf(unit, now)), all), logs.withoutRoom(name));
    const closed = closedWay(unit.program, supervisor.host().settings.proxy);
    const about = {
      maintenance: maintenance.get(name),
      certificate: states.get(name),
      closed,
      waiting: waiting.get(name) ?? null,
      syncWorkers: syncWorkersOf(supervisor.host(), name),
    };
    const full = servesApp(unit.program) ? noteSite(plain, about) : plain;
    const next = [...(supervisor.loop.entries.get(name)?.units.values() ?? [])].find(({ isNext }) => isNext);
    return next === undefined ? full : noteReload(full, now - next.madeAt, next.waitsFor);
  };
  const elsewhere = supervisor
    .host()
    .apps.filter(app => isElsewhere(app) && isWanted(app.name, names))
    .map(app => {
      const about = { maintenance: maintenance.get(app.name), certificate: states.get(app.name) };
      return noteSite(elsewhereStatus(app, upstreamsIn(all, app.name)), {
        ...about,
        waiting: waiting.get(app.name) ?? null,
      });
    });
  const programs = [...[...new Set(chosen)].map(noted), ...elsewhere].sort(byName);
  const isKnown = (name: string) =>
    name === 'all' || supervisor.select(name).length > 0 || elsewhere.some(app => isMeant(name, app.name));
  return { programs, unknown: names.filter(name => !isKnown(name)), notices: known.disks.troubles() };
}

/** Without names, all are wanted. */
function isWanted(app: string, names: readonly string[]): boolean {
  return names.length === 0 || names.some(name => isMeant(name, app));
}

/** What the proxy's workers have said of a site's upstreams. */
function upstreamsIn(units: readonly Unit[], site: string): readonly (readonly (UpstreamFault | null)[])[] {
  return units
    .filter(({ program }) => program.kind === 'proxy')
    .map(unit => historyOf(unit).upstreamsOf(site));
}

/** The number of an app's sync workers; null: unknown, or of another kind. */
function syncWorkersOf({ apps }: Host, name: string): number | null {
  const app = apps.find(one => one.name === name);
  if (app === undefined || app.command !== null || keepsConnections(app)) return null;
  return leavesToFile(app, 'workers') ? null : app.workers;
}

/** The directory that keeps the proxy from an app's socket, typically a home of mode 0750; null: none does. */
function closedWay({ socket }: Program, { enabled, user: name }: ProxySettings): Closed | null {
  if (socket === null || !enabled) return null;
  const user = native.user(/^\d+$/.test(name) ? Number(name) : name);
  const directory = user === null ? null : closedTo(socket.path, user);
  return directory === null ? null : { directory, user: name };
}

function byName(a: { group: string; name: string }, b: { group: string; name: string }): number {
  const left = `${a.group}\0${a.name}`;
  const right = `${b.group}\0${b.name}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
