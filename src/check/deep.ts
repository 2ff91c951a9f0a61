// `hostd check --deep`: runs an app's code as the app's user, and reports what happens. The code is a stranger's: it gets a session
// of its own, only the user's rights, and bounded time and memory. Only a bounded part of its output is read.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import { startAs } from '../linux/start.ts';
import type { App, Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { User } from '../native/index.ts';
import { canAskFor } from './access.ts';
import { explain, parseReport } from './deep-report.ts';
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
export async function checkDeep(
  app: App,
  host: Host,
  user: User,
  limits = usual,
): Promise<readonly Problem[]> {
  if (!canAskFor(user)) {
    const message = `cannot run its code as "${user.name}": hostd check runs as somebody else`;
    return [finding('warning', app, 'user', message, 'sudo hostd check --deep')];
  }
  const python = `${app.root}/bin/python`;
  const program = host.programs.find(({ name, kind }) => name === app.name && kind !== 'proxy');
  if (program === undefined || !existsSync(python)) return [];
  const isDjango = existsSync(`${app.project}/manage.py`);
  const mark = `hostd-check-${randomBytes(12).toString('hex')} `;
  const wanted = {
    settings: app.settings,
    wsgi: app.command === null ? app.wsgi : null,
    workerClass: app.command === null ? app.workerClass : null,
    gunicorn: app.command === null,
    django: isDjango,
    hosts: app.serverNames.filter(name => !name.startsWith('*')),
    static: app.static,
  };
  const env = {
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: '/bin/sh',
    ...program.environment,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
  const ran = await runPython(
    [python, '-c', deepScript, mark, JSON.stringify(wanted)],
    env,
    app,
    user,
    limits,
  );
  if (ran.kind === 'late') {
    const message = `its code did not load within ${limits.ms / 1000} s`;
    return [
      finding(
        'error',
        app,
        'wsgi',
        message,
        `hostctl logs ${app.name}: what does it wait for while it is imported?`,
      ),
    ];
  }
  if (ran.kind === 'failed')
    return [finding('error', app, 'root', ran.why, `${python} --version, as "${user.name}"`)];
  const report = parseReport(ran.stdout, mark);
  if (report !== null) return report.map(found => explain(found, app));
  const last = ran.stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  const message = `its code ended Python while it was loaded (${ran.code < 0 ? 'by a signal' : `exit code ${ran.code}`})${last === '' ? '' : `: ${last}`}`;
  return [
    finding(
      'error',
      app,
      'wsgi',
      message,
      `hostctl exec ${app.name} -- python -c "import ${app.wsgi.split(':')[0]}"`,
    ),
  ];
}

type Ran =
  | { readonly kind: 'ended'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'late' }
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
        if (isLate) resolve({ kind: 'late' });
        else if (ending instanceof Error) resolve({ kind: 'failed', why: messageOf(ending) });
        else resolve({ kind: 'ended', code: ending, ...output });
      });
    });
  });
}
