// What the doctor looks at for each site, wherever its app runs: certificate, maintenance, disks, what a visitor's requests meet.

import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { lookAtCertificate } from '../check/certificates.ts';
import { checkAppDisks } from '../check/disks.ts';
import { userNamed } from '../check/look.ts';
import type { App, Host, Program } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { native, type User } from '../native/index.ts';
import type { ProgramStatus } from '../protocol/control.ts';
import type { Daemon, Front } from './facts.ts';
import { found, fromProblem, joined, type Looked, made, nothing, unseen } from './finding.ts';
import { judgeFront } from './judge/front.ts';
import type { LoggedError } from './judge/log.ts';
import { judgeNames } from './judge/names.ts';
import { judgeChanges } from './judge/program.ts';
import { judgeRequests } from './judge/request.ts';
import { socketsOfNginx } from './look/front.ts';
import type { Went } from './visiting.ts';

/** A site to be looked at. */
export interface SiteOrder {
  readonly host: Host;
  readonly app: App;
  /** Those of this app. */
  readonly problems: readonly Problem[];
  readonly daemon: Daemon;
  readonly fronts: readonly Front[];
  readonly now: number;
}

export const noVisitor = 'there is no user to send a request as: [proxy] user';

/** The user that the visitor goes out as; null: there is none without root's rights. */
export function visitor({ settings }: Host): User | null {
  const own = process.geteuid?.() ?? 0;
  const who = own === 0 ? userNamed(settings.proxy.user) : native.user(own);
  return who?.uid === 0 ? null : who;
}

/** `now`: Unix time in milliseconds. */
export function certificate(app: App, user: User, now: number): Looked {
  const { problems, ending } = lookAtCertificate(app, user, now);
  const severity = (days: number) => (days <= 3 ? 'error' : days <= 14 ? 'warning' : 'note');
  return found(
    ...problems.map(problem => fromProblem('certificate', problem, { explains: false })),
    ...(ending === null
      ? []
      : [fromProblem('certificate', ending.problem, { severity: severity(ending.days), explains: false })]),
  );
}

/** What is known of it without its code: its problems, what is not in force, its names, its maintenance. */
export function standing(
  { app, problems, daemon }: SiteOrder,
  status: ProgramStatus | null,
  names: Went['names'],
): Looked {
  return joined(
    found(...problems.map(problem => fromProblem('configuration', problem))),
    judgeChanges(app, daemon.changes),
    judgeNames({ names, own: ownAddresses() }),
    maintenance(app, status),
  );
}

function maintenance({ name }: App, status: ProgramStatus | null): Looked {
  if (status?.site?.maintenance !== true) return nothing;
  const message = 'it is in maintenance: visitors get 503 and its maintenance page';
  return found(made('maintenance', 'error', message, `hostctl maintenance ${name} off`, { explains: true }));
}

export interface Visiting extends Omit<SiteOrder, 'problems'> {
  readonly status: ProgramStatus | null;
  /** The last error in the app's log; null: none is known. */
  readonly error: LoggedError | null;
}

/** `reason`: why a request fails in the app's code; null: it does not, or nobody knows. */
export function requests(
  { app, host, status, now, daemon, fronts, error }: Visiting,
  went: Went,
  reason: string | null,
): Looked {
  if (went.why !== null) return unseen(went.why, 'request');
  const { requests } = went;
  const main = requests.secure ?? requests.plain ?? requests.direct;
  if (main !== null && main.why === 'ECONNREFUSED' && daemon.state !== 'up')
    return unseen('nobody answers, and hostd cannot be asked', 'request');
  if (main !== null && main.why === 'EACCES')
    return unseen('this user may not connect to its socket', 'request');
  // Without a time an error may be old.
  const logged = error !== null && (error.at === null || now - error.at < 600_000) ? error.text : null;
  const facts = { app, program: {} as Program, proxy: host.settings.proxy, status, events: [], now };
  const ofFronts = fronts.flatMap(front => {
    const visited = front.port === 443 ? requests.frontSecure : requests.front;
    if (visited === null) return [];
    const sockets = front.holder?.name === 'nginx' ? socketsOfNginx() : [];
    const isBehind = host.settings.proxy.enabled;
    return judgeFront({ front, visited, own: main, isBehind, sockets }, app).findings;
  });
  return joined(
    judgeRequests(facts, requests, reason ?? (main?.status === 500 ? logged : null)),
    // Both ports of a web server have the same fault.
    found(...ofFronts.slice(0, 1)),
  );
}

/** `databases`: paths of SQLite's. */
export function disks(app: App, databases: readonly string[]): Looked {
  const data = [`${app.root}/data`, ...databases.map(path => dirname(path))];
  return found(...checkAppDisks(app, data).map(problem => fromProblem('disk', problem)));
}

/** Of this machine's interfaces. */
function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(({ address }) => address));
}
