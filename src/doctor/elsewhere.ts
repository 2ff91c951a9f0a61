// What the doctor looks at for an app that is served elsewhere: its site here, and whether its upstreams answer. Its code is not here.

import { appUser } from '../check/look.ts';
import { addressText } from '../model/address.ts';
import { plainName } from '../model/app.ts';
import type { App, Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { User } from '../native/index.ts';
import type { Visited } from '../protocol/visit.ts';
import type { Daemon, Front } from './facts.ts';
import { found, fromProblem, joined, type Looked, moot, nothing } from './finding.ts';
import { judgeNames } from './judge/names.ts';
import { judgeChanges } from './judge/program.ts';
import { isGood } from './judge/request.ts';
import { judgeUpstreams } from './judge/upstreams.ts';
import { sendVisitor } from './look/visits.ts';
import { certificate, disks, maintenance, noVisitor, ownAddresses, requests, visitor } from './served.ts';
import { visitSite, wentNowhere } from './visiting.ts';

/** Milliseconds that an upstream may take for an answer. */
const patience = 10_000;

export interface ElsewhereOrder {
  readonly host: Host;
  readonly app: App;
  /** Those of this app. */
  readonly problems: readonly Problem[];
  readonly daemon: Daemon;
  readonly fronts: readonly Front[];
  readonly now: number;
}

export async function lookAtElsewhere(order: ElsewhereOrder): Promise<Looked> {
  const { host, app, problems, daemon, now } = order;
  const status = daemon.programs.find(({ name }) => name === app.name) ?? null;
  const user = appUser(app);
  const who = visitor(host);
  const went =
    who === null
      ? wentNowhere(noVisitor)
      : await visitSite({ ...order, file: null, isStarting: false }, who, null);
  const { secure, plain, front } = went.requests;
  const page = secure ?? plain ?? front;
  return joined(
    found(...problems.map(problem => fromProblem('configuration', problem))),
    judgeChanges(app, daemon.changes),
    judgeNames({ names: went.names, own: ownAddresses() }),
    user === null ? nothing : certificate(app, user, now),
    maintenance(app, status),
    judgeUpstreams({
      app,
      visited: who === null ? [] : await answersOf(app, who),
      status,
      isServing: page !== null && isGood(page),
    }),
    requests({ ...order, status, error: null }, went, null),
    disks(app, []),
    moot('it runs elsewhere', 'socket', 'code', 'database', 'django', 'static', 'secret', 'log', 'memory'),
  );
}

/** What each upstream answers. */
async function answersOf(app: App, who: User): Promise<readonly Visited[]> {
  const visits = app.upstreams.map(to => ({
    id: addressText(to),
    to,
    secure: null,
    isSecure: false,
    host: plainName(app),
    path: '/',
  }));
  const answer = await sendVisitor({ visits, names: [], patience }, who);
  return typeof answer === 'string' ? [] : answer.visited;
}
