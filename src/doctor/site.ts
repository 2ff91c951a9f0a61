// What the doctor looks at for one app: gathers the facts along a visitor's way, and has each judged. What cannot be looked at is said.

import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { canAskFor } from '../check/access.ts';
import { lookAtCertificate } from '../check/certificates.ts';
import { checkAppDisks } from '../check/disks.ts';
import { checkLogs, checkServed } from '../check/files.ts';
import { appUser, userNamed } from '../check/look.ts';
import { checkSleep } from '../check/sleep.ts';
import type { App, Host, Program } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { native, type User } from '../native/index.ts';
import type { ProgramStatus } from '../protocol/control.ts';
import { lookAtCode } from './code.ts';
import type { Daemon, Front, Ids } from './facts.ts';
import {
  type Check,
  type Finding,
  found,
  fromProblem,
  joined,
  type Looked,
  nothing,
  unseen,
} from './finding.ts';
import { judgeFront } from './judge/front.ts';
import { judgeLog, type LoggedError, lastError } from './judge/log.ts';
import { judgeNames } from './judge/names.ts';
import { judgeChanges, judgeProgram } from './judge/program.ts';
import { isGood, judgeRequests } from './judge/request.ts';
import { judgeMemory } from './judge/resources.ts';
import { judgeSocket } from './judge/socket.ts';
import { anyFile } from './look/files.ts';
import { socketsOfNginx } from './look/front.ts';
import { endOfLog } from './look/log.ts';
import { lookAtMemory } from './look/memory.ts';
import { lookAtSocket } from './look/socket.ts';
import { visitSite, type Went, wentNowhere } from './visiting.ts';

export interface SiteOrder {
  readonly host: Host;
  readonly app: App;
  /** Those of this app. */
  readonly problems: readonly Problem[];
  readonly daemon: Daemon;
  readonly fronts: readonly Front[];
  readonly now: number;
  /** Whether an app that sleeps is asked all the same, which wakes it. */
  readonly wake: boolean;
}

/** What the parts of one examination share. */
interface Scene extends SiteOrder {
  readonly program: Program;
  readonly status: ProgramStatus | null;
  /** The app's; null: it does not exist. */
  readonly user: User | null;
  readonly error: LoggedError | null;
  readonly isStaticEmpty: boolean | null;
  readonly file: string | null;
}

export async function lookAtSite(order: SiteOrder): Promise<Looked> {
  const { host, app, daemon, problems, now } = order;
  const program = host.programs.find(({ name }) => name === app.name);
  if (program === undefined) return found(...problems.map(problem => fromProblem('configuration', problem)));
  const user = appUser(app);
  const status = daemon.programs.find(({ name }) => name === app.name) ?? null;
  const names = host.programs.filter(one => one.app === app.name).map(({ name }) => name);
  const [events, log] = await Promise.all([daemon.events(names), logOf(daemon, program, user)]);
  const files = user === null || app.static === null || !canAskFor(user) ? null : anyFile(app.static, user);
  const scene: Scene = {
    ...order,
    program,
    status,
    user,
    error: log === null ? null : lastError(log),
    isStaticEmpty: files?.isEmpty ?? null,
    file: files?.file ?? null,
  };
  const went = await visit(scene);
  const { secure: byHttps, plain: byHttp, direct } = went.requests;
  const page = byHttps ?? byHttp ?? direct;
  const isSecure =
    app.certificate !== null ||
    app.redirectHttps ||
    (!host.settings.proxy.enabled && order.fronts.some(({ port }) => port === 443));
  const code = await lookAtCode({ ...scene, page, isSecure });
  const plain = plainChecks(scene);
  // That a file is not served has a reason, where another check has found one.
  const isKnown = [...plain.findings, ...code.looked.findings].some(isStaticFault);
  // A program that is down is told with the error in its log, and so is a request that has failed.
  const isLogTold = code.reason !== null || (status !== null && status.state !== 'RUNNING');
  const started = status?.started == null ? null : status.started * 1000;
  const all = joined(
    found(...problems.map(problem => fromProblem('configuration', problem))),
    judgeChanges(app, daemon.changes),
    judgeNames({ names: went.names, own: ownAddresses() }),
    plain,
    maintenance(scene),
    await socket(scene),
    ...(await programs(scene, names, events)),
    code.looked,
    requests(scene, isKnown ? { ...went, requests: { ...went.requests, file: null } } : went, code.reason),
    disks(app, code.databases),
    await memory(scene, events),
    isLogTold
      ? nothing
      : judgeLog({
          name: app.name,
          error: scene.error,
          now,
          started,
          isServing: page !== null && isGood(page),
        }),
  );
  return { ...all, findings: withoutEchoes(all.findings) };
}

/** Two checks look at static files. Where one knows that they are missing, the other's warning says the same once more. */
function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const isKnown = findings.some(isStaticFault);
  return findings.filter(finding => !isKnown || finding.check !== 'static' || isStaticFault(finding));
}

function isStaticFault({ check, severity }: Finding): boolean {
  return check === 'static' && severity === 'error';
}

async function logOf(daemon: Daemon, { name, stdout }: Program, user: User | null): Promise<string | null> {
  const asked = await daemon.log(name);
  if (asked !== null || stdout.path === null || user === null || !canAskFor(user)) return asked;
  return endOfLog(stdout.path, user);
}

/** What hostd check sees without running anybody's code. */
function plainChecks({ app, host, user, now }: Scene): Looked {
  if (user === null) return nothing;
  const { proxy } = host.settings;
  const worker = proxy.enabled ? userNamed(proxy.user) : null;
  const { problems, ending } = lookAtCertificate(app, user, now);
  const severity = (days: number) => (days <= 3 ? 'error' : days <= 14 ? 'warning' : 'note');
  return joined(
    found(
      ...(worker === null ? [] : checkServed(app, worker)).map(problem =>
        fromProblem(
          servedCheck(problem),
          problem,
          servedCheck(problem) === 'socket' ? {} : { explains: false },
        ),
      ),
      ...checkLogs(app, host.programs, user).map(problem => fromProblem('log', problem)),
      ...problems.map(problem => fromProblem('certificate', problem, { explains: false })),
      ...(ending === null
        ? []
        : [fromProblem('certificate', ending.problem, { severity: severity(ending.days), explains: false })]),
      ...checkSleep(app).map(problem => fromProblem('program', problem)),
    ),
    canAskFor(user) ? nothing : unseen(`needs root, or "${user.name}"`, 'static', 'secret'),
  );
}

function servedCheck({ at }: Problem): Check {
  return at !== undefined && 'key' in at && at.key.at(-1) === 'socket' ? 'socket' : 'static';
}

function maintenance({ app, status }: Scene): Looked {
  if (status?.site?.maintenance !== true) return nothing;
  return found({
    check: 'maintenance',
    severity: 'error',
    message: 'it is in maintenance: visitors get 503 and its maintenance page',
    hint: `hostctl maintenance ${app.name} off`,
    explains: true,
  });
}

async function socket({ app, host, daemon, status, fronts }: Scene): Promise<Looked> {
  const { proxy } = host.settings;
  const worker = proxy.enabled ? userNamed(proxy.user) : null;
  const callers: Ids[] = [
    ...(worker === null
      ? []
      : [{ user: worker.name, uid: worker.uid, groups: [worker.gid, ...worker.groups] }]),
    ...fronts.flatMap(({ workers }) => workers),
  ];
  const distinct = [...new Map(callers.map(caller => [caller.uid, caller])).values()];
  const facts = lookAtSocket(
    app.socket,
    daemon.state === 'up' ? await daemon.holdsSocket(app.name) : null,
    distinct,
  );
  // hostd closes the socket of a program that is down or has failed to start, so that visitors are told at once.
  const isDown = status !== null && status.state !== 'RUNNING' && status.idle_since === null;
  if (isDown && !facts.listens) return unseen(`its app is ${status.state}`, 'socket');
  return judgeSocket(app.socket, app.name, facts, daemon.state === 'up');
}

async function programs(
  { daemon, now, error, app }: Scene,
  names: readonly string[],
  events: Parameters<typeof judgeProgram>[0]['events'],
): Promise<readonly Looked[]> {
  if (daemon.state !== 'up') return [unseen('hostd cannot be asked', 'program')];
  return await Promise.all(
    names.map(async name => {
      const status = daemon.programs.find(one => one.name === name) ?? null;
      const isWell = status === null || status.state === 'RUNNING' || name === app.name;
      const log = isWell ? null : await daemon.log(name);
      return judgeProgram({
        name,
        status,
        events,
        error: name === app.name ? error : log === null ? null : lastError(log),
        now,
      });
    }),
  );
}

/** Sends the visitor, unless there is a reason not to. */
async function visit(scene: Scene): Promise<Went> {
  const { status, daemon, wake } = scene;
  const isAsleep = status?.idle_since != null;
  const isDown = status !== null && !['RUNNING', 'STARTING'].includes(status.state);
  const why = isAsleep
    ? wake
      ? null
      : 'it sleeps, and a request would wake it: --wake'
    : isDown
      ? `its app is ${status.state}`
      : daemon.state === 'up' && status === null
        ? 'hostd does not know it'
        : null;
  const own = process.geteuid?.() ?? 0;
  const who = own === 0 ? userNamed(scene.host.settings.proxy.user) : native.user(own);
  if (who === null || who.uid === 0)
    return wentNowhere('there is no user to send a request as: [proxy] user');
  return await visitSite({ ...scene, isStarting: status?.state === 'STARTING' }, who, why);
}

function requests(
  { app, host, status, now, daemon, fronts, error }: Scene,
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

function disks(app: App, databases: readonly string[]): Looked {
  const data = [`${app.root}/data`, ...databases.map(path => dirname(path))];
  return found(...checkAppDisks(app, data).map(problem => fromProblem('disk', problem)));
}

async function memory(
  { program, status, now }: Scene,
  events: Parameters<typeof judgeMemory>[2],
): Promise<Looked> {
  const facts = status?.pid == null ? { used: null, kills: null } : await lookAtMemory(status.pid);
  return judgeMemory(program, facts, events, now);
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(({ address }) => address));
}
