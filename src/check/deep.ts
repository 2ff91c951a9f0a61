// `hostd check --deep`: runs an app's code as the app's user, and reports what happens. The code is a stranger's: it gets a session
// of its own, only the user's rights, and bounded time and memory. Only a bounded part of its output is read.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import { bootId } from '../linux/procfs.ts';
import { startAs } from '../linux/start.ts';
import { killStrays } from '../linux/strays.ts';
import type { App, Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { User } from '../native/index.ts';
import { canAskFor } from './access.ts';
import { explain, type Found, parseReport } from './deep-report.ts';
import { deepScript } from './deep-script.ts';
import { finding } from './problem.ts';

export interface DeepLimits {
  /** Milliseconds until it is killed. */
  readonly ms: number;
  /** Bytes of data (RLIMIT_DATA). */
  readonly memory: number;
}

const usual: DeepLimits = { ms: 60_000, memory: 2 * 1024 ** 3 };
/** Characters from the end of the output that are looked at. */
const keptOutput = 1 << 20;
/** Numbers of setrlimit(2). */
const [rlimitCpu, rlimitData, rlimitCore] = [0, 2, 4];

/** The problems that running the app's code shows. `user`: the app's, with its groups. */
export async function checkDeep(app: App, host: Host, user: User): Promise<readonly Problem[]> {
  if (!canAskFor(user)) {
    const message = `cannot run its code as "${user.name}": hostd check runs as somebody else`;
    return [finding('warning', app, 'user', message, 'sudo hostd check --deep')];
  }
  const { found, problem } = await runCode(app, host, user);
  return [...found.map(one => explain(one, app)), ...(problem === null ? [] : [problem])];
}

/** What is looked at besides, for hostctl doctor. */
export interface Survey {
  /** A request that Django's test client sends in the same process; null: none. */
  readonly get: { readonly path: string; readonly host: string; readonly secure: boolean } | null;
}

export interface RanCode {
  /** What the code's own Python has reported. */
  readonly found: readonly Found[];
  /** Why it has reported nothing more; null: it came to its end. */
  readonly problem: Problem | null;
  /** Whether there was something to run. */
  readonly isRun: boolean;
}

/** Runs the app's code. This process must be root, or the app's user. */
export async function runCode(
  app: App,
  host: Host,
  user: User,
  { survey = null, limits = usual }: { readonly survey?: Survey | null; readonly limits?: DeepLimits } = {},
): Promise<RanCode> {
  const python = `${app.root}/bin/python`;
  const program = host.programs.find(({ name, kind }) => name === app.name && kind !== 'proxy');
  if (program === undefined || !existsSync(python)) return { found: [], problem: null, isRun: false };
  const isDjango = existsSync(`${app.project}/manage.py`);
  const mark = `hostd-check-${randomBytes(12).toString('hex')} `;
  const marker = randomBytes(12).toString('hex');
  const wanted = {
    settings: app.settings,
    wsgi: app.command === null ? app.wsgi : null,
    workerClass: app.command === null ? app.workerClass : null,
    gunicorn: app.command === null,
    django: isDjango,
    hosts: app.serverNames.filter(name => !name.startsWith('*')),
    static: app.static,
    survey:
      survey === null ? null : { ...survey, paths: [app.logs, app.media].filter(path => path !== null) },
  };
  const env = {
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: '/bin/sh',
    ...program.environment,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    HOSTD_CHECK: marker,
  };
  const ran = await runPython(
    [python, '-c', deepScript, mark, JSON.stringify(wanted)],
    env,
    app,
    user,
    limits,
  );
  await endStrays(`HOSTD_CHECK=${marker}`);
  if (ran.kind === 'failed') {
    const problem = finding('error', app, 'root', ran.why, `${python} --version, as "${user.name}"`);
    return { found: [], problem, isRun: true };
  }
  const report = parseReport(ran.stdout, mark);
  if (ran.kind === 'late') return { found: report ?? [], problem: tooLate(app, limits), isRun: true };
  return { found: report ?? [], problem: report === null ? endedEarly(app, ran) : null, isRun: true };
}

/** What has left the code's session is found by its environment. */
function endStrays(marker: string): Promise<void> {
  // The run's own process has ended.
  const process = { pid: 0, starttime: 0, bootId: bootId() };
  return new Promise(resolve => killStrays({ process, marker }, resolve));
}

function tooLate(app: App, { ms }: DeepLimits): Problem {
  const message = `its code did not load within ${ms / 1000} s`;
  const hint = `hostctl logs ${app.name}: what does it wait for while it is imported?`;
  return finding('error', app, 'wsgi', message, hint);
}

function endedEarly(app: App, { code, stderr }: Ran & { kind: 'ended' }): Problem {
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  const how = code < 0 ? 'by a signal' : `exit code ${code}`;
  const message = `its code ended Python while it was loaded (${how})${last === '' ? '' : `: ${last}`}`;
  const hint = `hostctl exec ${app.name} -- python -c "import ${app.wsgi.split(':')[0]}"`;
  return finding('error', app, 'wsgi', message, hint);
}

type Ran =
  | { readonly kind: 'ended'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'late'; readonly stdout: string }
  | { readonly kind: 'failed'; readonly why: string };

function runPython(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  app: App,
  user: User,
  { ms, memory }: DeepLimits,
): Promise<Ran> {
  const cpu = Math.ceil(ms / 1000);
  return new Promise(resolve => {
    let child: ReturnType<typeof startAs>;
    try {
      child = startAs(user, argv, env, {
        groups: user.groups,
        directory: app.project,
        limits: [rlimitCpu, cpu, cpu, rlimitData, memory, memory, rlimitCore, 0, 0],
      });
    } catch (error) {
      resolve({ kind: 'failed', why: messageOf(error) });
      return;
    }
    const output = { stdout: '', stderr: '' };
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill();
    }, ms);
    const closed = (['stdout', 'stderr'] as const).map(name => {
      child[name].setEncoding('utf8');
      child[name].on('data', (chunk: string) => {
        output[name] = (output[name] + chunk).slice(-keptOutput);
      });
      return new Promise(done => child[name].once('close', done));
    });
    child.stdin.on('error', () => {});
    child.stdin.end();
    child.whenOver(ending => {
      clearTimeout(timer);
      // A process that has left the group may still have the output open.
      const late = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1000);
      void Promise.all(closed).then(() => {
        clearTimeout(late);
        if (isLate) resolve({ kind: 'late', stdout: output.stdout });
        else if (ending instanceof Error) resolve({ kind: 'failed', why: messageOf(ending) });
        else resolve({ kind: 'ended', code: ending, ...output });
      });
    });
  });
}
