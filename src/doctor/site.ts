// What the doctor looks at for one app: gathers the facts along a visitor's way, and has each judged. What cannot be looked at is said.

import { canAskFor } from '../check/access.ts';
import { checkLogs, checkServed } from '../check/files.ts';
import { appUser, userNamed } from '../check/look.ts';
import { checkSleep } from '../check/sleep.ts';
import { isElsewhere } from '../model/elsewhere.ts';
import type { Program } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { User } from '../native/index.ts';
import type { ProgramStatus } from '../protocol/control.ts';
import { lookAtCode } from './code.ts';
import { lookAtElsewhere } from './elsewhere.ts';
import type { Daemon, Ids } from './facts.ts';
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
import { judgeGoneLogs, judgeLog, type LoggedError, lastError } from './judge/log.ts';
import { isProxy } from './judge/machine.ts';
import { judgeProgram, judgeStopped } from './judge/program.ts';
import { isGood } from './judge/request.ts';
import { judgeMemory } from './judge/resources.ts';
import { judgeSocket } from './judge/socket.ts';
import { anyFile } from './look/files.ts';
import { endOfLog, isGone } from './look/log.ts';
import { lookAtMemory } from './look/memory.ts';
import { lookAtSocket } from './look/socket.ts';
import { stoppedAmong } from './look/stopped.ts';
import { certificate, disks, noVisitor, requests, type SiteOrder, standing, visitor } from './served.ts';
import { visitSite, type Went, wentNowhere } from './visiting.ts';

export interface ExaminedSite extends SiteOrder {
  /** Whether an app that sleeps is asked all the same, which wakes it. */
  readonly wake: boolean;
}

/** What the parts of one examination share. */
interface Scene extends ExaminedSite {
  readonly program: Program;
  readonly status: ProgramStatus | null;
  /** The app's; null: it does not exist. */
  readonly user: User | null;
  readonly error: LoggedError | null;
  readonly isStaticEmpty: boolean | null;
  readonly file: string | null;
}

export async function lookAtSite(order: ExaminedSite): Promise<Looked> {
  const { host, app, daemon, problems, now } = order;
  if (isElsewhere(app)) return await lookAtElsewhere(order);
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
  const { secure: byHttps, plain: byHttp, direct, health } = went.requests;
  const page = byHttps ?? byHttp ?? direct;
  // A site without a first page has a health path, say.
  const isServing = [page, health].some(one => one !== null && isGood(one));
  const isSecure =
    app.certificate !== null ||
    app.redirectHttps ||
    (!host.settings.proxy.enabled && order.fronts.some(({ port }) => port === 443));
  const code = await lookAtCode({ ...scene, page, isServing, isSecure });
  const plain = plainChecks(scene);
  // That a file is not served has a reason, where another check has found one.
  const isKnown = [...plain.findings, ...code.looked.findings].some(isStaticFault);
  // A program that is down is told with the error in its log, and so is a request that has failed.
  const isLogTold = code.reason !== null || (status !== null && status.state !== 'RUNNING');
  const started = status?.started == null ? null : status.started * 1000;
  const all = joined(
    standing(order, status, went.names),
    plain,
    await socket(scene),
    ...(await programs(scene, names, events)),
    code.looked,
    requests(scene, isKnown ? { ...went, requests: { ...went.requests, file: null } } : went, code.reason),
    disks(app, code.databases),
    await memory(scene, events),
    goneLogs(scene),
    isLogTold
      ? nothing
      : judgeLog({
          name: app.name,
          error: scene.error,
          now,
          started,
          isServing,
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

/** Logs that are written to, and whose names somebody has removed. */
function goneLogs({ host, app, daemon }: Scene): Looked {
  const running = daemon.programs.filter(({ state }) => state === 'RUNNING');
  const own = host.programs
    .filter(program => program.app === app.name && running.some(({ name }) => name === program.name))
    .flatMap(({ name, stdout, stderr }) =>
      [stdout.path, stderr?.path ?? null].map(path => ({ writer: name, path })),
    );
  const sites = running.some(isProxy) ? [app.accessLog, app.errorLog] : [];
  const all = [...own, ...sites.map(path => ({ writer: 'hostd-proxy', path }))];
  return judgeGoneLogs(all.filter(({ path }) => path !== null && isGone(path)));
}

/** What hostd check sees without running anybody's code. */
function plainChecks({ app, host, user, now }: Scene): Looked {
  if (user === null) return nothing;
  const { proxy } = host.settings;
  const worker = proxy.enabled ? userNamed(proxy.user) : null;
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
      ...checkSleep(app).map(problem => fromProblem('program', problem)),
    ),
    certificate(app, user, now),
    canAskFor(user) ? nothing : unseen(`needs root, or "${user.name}"`, 'static', 'secret'),
  );
}

function servedCheck({ at }: Problem): Check {
  return at !== undefined && 'key' in at && at.key.at(-1) === 'socket' ? 'socket' : 'static';
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
      return joined(
        judgeStopped('program', name, status?.pid == null ? [] : stoppedAmong([status.pid])),
        judgeProgram({
          name,
          status,
          events,
          error: name === app.name ? error : log === null ? null : lastError(log),
          now,
        }),
      );
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
  const who = visitor(scene.host);
  if (who === null) return wentNowhere(noVisitor);
  return await visitSite({ ...scene, isStarting: status?.state === 'STARTING' }, who, why);
}

async function memory(
  { program, status, now }: Scene,
  events: Parameters<typeof judgeMemory>[2],
): Promise<Looked> {
  const facts = status?.pid == null ? { used: null, kills: null } : await lookAtMemory(status.pid);
  return judgeMemory(program, facts, events, now);
}
