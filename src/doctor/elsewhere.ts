// What the doctor looks at for an app that is served elsewhere: its site here, and whether its upstreams answer. Its code is not here.

import { appUser } from '../check/look.ts';
import { addressText } from '../model/address.ts';
import { plainName } from '../model/app.ts';
import type { App } from '../model/host.ts';
import type { User } from '../native/index.ts';
import type { Visited } from '../protocol/visit.ts';
import { joined, type Looked, moot, nothing } from './finding.ts';
import { isGood } from './judge/request.ts';
import { judgeUpstreams } from './judge/upstreams.ts';
import { sendVisitor } from './look/visits.ts';
import { certificate, disks, noVisitor, requests, type SiteOrder, standing, visitor } from './served.ts';
import { visitSite, wentNowhere } from './visiting.ts';

/** Milliseconds that an upstream may take for an answer. */
const patience = 10_000;

export async function lookAtElsewhere(order: SiteOrder): Promise<Looked> {
  const { host, app, daemon, now } = order;
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
    standing(order, status, went.names),
    user === null ? nothing : certificate(app, user, now),
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
