// What the doctor sees of an app's code, by running it as the app's user: whether it loads, its database, what Django's settings mean.

import { readlinkSync } from 'node:fs';
import { canAskFor } from '../check/access.ts';
import { checkCode } from '../check/code.ts';
import { runCode } from '../check/deep.ts';
import { plainName } from '../model/app.ts';
import type { App, Host } from '../model/host.ts';
import type { User } from '../native/index.ts';
import type { Visited } from '../protocol/visit.ts';
import { found, fromProblem, joined, type Looked, moot, nothing, unseen } from './finding.ts';
import { djangoFacts, judgeCode, judgeDjango, reasonIn } from './judge/django.ts';
import { judgeSecrets } from './judge/resources.ts';
import { lookForSecrets } from './look/files.ts';

export interface CodeOrder {
  readonly host: Host;
  readonly app: App;
  /** The app's; null: it does not exist. */
  readonly user: User | null;
  /** What came of a request for its first page; null: none was sent. */
  readonly page: Visited | null;
  /** Whether a request has been answered well. */
  readonly isServing: boolean;
  /** Whether visitors come by https, here or at a web server in front. */
  readonly isSecure: boolean;
  /** Whether its directory for static files has none; null: not known. */
  readonly isStaticEmpty: boolean | null;
}

export interface CodeLooks {
  readonly looked: Looked;
  /** Why a request fails in the code; null: it does not, or nobody has tried. */
  readonly reason: string | null;
  /** Paths of SQLite's databases. */
  readonly databases: readonly string[];
}

export async function lookAtCode(order: CodeOrder): Promise<CodeLooks> {
  const { app, user } = order;
  const only = (looked: Looked): CodeLooks => ({ looked, reason: null, databases: [] });
  if (user === null) return only(unseen('its user does not exist', 'code', 'database', 'django'));
  const seen = found(...checkCode(app, user).map(problem => fromProblem('code', problem)));
  const plain = order.isServing ? milder(seen) : seen;
  if (!canAskFor(user))
    return only(joined(plain, unseen(`needs root, or "${user.name}"`, 'code', 'database', 'django')));
  const secrets = (databases: readonly string[]) => judgeSecrets(lookForSecrets(app, user, databases), app);
  if (plain.findings.length > 0)
    return only(joined(plain, secrets([]), unseen('its code cannot be loaded', 'database', 'django')));
  const ran = await runIt(order, user);
  return { ...ran, looked: joined(ran.looked, secrets(ran.databases)) };
}

async function runIt(order: CodeOrder, user: User): Promise<CodeLooks> {
  const { app, host, page, isSecure, isStaticEmpty } = order;
  // The app is asked once more, in this process, for the traceback that Django tells to nobody.
  const isBad = page !== null && page.status >= 500 && page.status !== 503;
  const get = isBad ? { path: '/', host: plainName(app), secure: isSecure } : null;
  const { found: all, problem, isRun } = await runCode(app, host, user, { survey: { get } });
  if (!isRun) {
    const why = `there is no Python in "${app.root}/bin"`;
    return { looked: moot(why, 'code', 'database', 'django'), reason: null, databases: [] };
  }
  const facts = djangoFacts(all);
  const isBroken = all.length > 0 || problem !== null;
  const looked = joined(
    judgeCode(all, app),
    problem === null ? nothing : found(fromProblem('code', problem)),
    facts === null
      ? isBroken
        ? unseen('its code cannot be loaded', 'database', 'django')
        : moot('it is no Django project', 'database', 'django')
      : judgeDjango(facts, app, {
          isSecure,
          isTold: isTold(app, host.settings.proxy.enabled),
          staticIsEmpty: isStaticEmpty,
          machineZone: machineZone(),
        }),
  );
  return {
    looked: order.isServing ? milder(looked) : looked,
    reason: reasonIn(all),
    databases: facts?.databases ?? [],
  };
}

/** Code on disk that would not start, while the code before it serves on. */
function milder({ findings, unseen }: Looked): Looked {
  return {
    findings: findings.map(finding =>
      finding.check === 'code' && finding.severity === 'error'
        ? {
            ...finding,
            severity: 'warning',
            message: `it serves on, and would not start again: ${finding.message}`,
          }
        : finding,
    ),
    unseen,
  };
}

/**
 * Whether the app's server believes who speaks to its socket about https. Behind hostd's proxy they all do, as far as they are known
 * (docs/proxy.md); gunicorn's own workers do so by themselves.
 */
function isTold({ command, workerClass, env }: App, isBehindHostd: boolean): boolean {
  if ('FORWARDED_ALLOW_IPS' in env) return env['FORWARDED_ALLOW_IPS'] === '*';
  if (command !== null)
    return isBehindHostd && command.some(word => /uvicorn|daphne|hypercorn|gunicorn/.test(word));
  return (
    isBehindHostd || workerClass === null || /^(?:sync|gthread|gevent|eventlet|tornado)/.test(workerClass)
  );
}

function machineZone(): string | null {
  try {
    return /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync('/etc/localtime'))?.[1] ?? null;
  } catch {
    return null;
  }
}
