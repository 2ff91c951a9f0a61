// A daemon of either kind with its files in a directory of its own: Debian's supervisord, or hostd supervisord with the same
// configuration; and what unmodified supervisorctl says of it.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makePlace, type Place } from '../harness/place.ts';
import { findProgram } from '../harness/programs.ts';
import { type Driver, startDriver } from '../supervisor/drive.ts';

const supervisord = findProgram('supervisord');
export const supervisorctl = findProgram('supervisorctl');
export const hostd = join(import.meta.dirname, '../../bin/hostd');
export const isMissing = supervisord === undefined || supervisorctl === undefined;
const isRoot = process.getuid?.() === 0;

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A daemon of either kind with its files in a directory of its own. */
export class Daemon {
  readonly place: Place;
  readonly dir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #command: readonly string[];
  #driver: Promise<Driver> | null = null;
  process: ChildProcess | null = null;

  /** `dir` is in the place. */
  constructor(place: Place, dir: string, command: readonly string[]) {
    this.place = place;
    this.dir = dir;
    this.#command = command;
    for (const name of ['log', 'conf.d']) mkdirSync(join(dir, name), { recursive: true });
    this.environment = {
      PATH: path,
      HOME: '/root',
      LANG: 'C.UTF-8',
      ODD: '50%',
      HOSTD_RUNTIME_DIR: join(dir, 'run'),
    };
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text.replaceAll('%DIR%', this.dir));
  }

  directory(name: string): void {
    mkdirSync(join(this.dir, name), { recursive: true });
  }

  start(...args: string[]): ChildProcess {
    return this.startBy('exec "$@"', ...args);
  }

  /** By a script, whose words are the command. */
  startBy(script: string, ...args: string[]): ChildProcess {
    const command = [...this.#command, '-c', join(this.dir, 's.conf'), ...args];
    const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], {
      env: this.environment,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.resume();
    child.stderr?.resume();
    this.process = child;
    return child;
  }

  /** What supervisorctl prints, with what differs from run to run replaced, and its exit code. One process runs all commands. */
  async ctl(...args: string[]): Promise<string> {
    this.#driver ??= startDriver(this.place, null, this.environment);
    const { code, text, errors } = await (await this.#driver).run(['-c', join(this.dir, 's.conf'), ...args]);
    return `${this.tidy(text + errors)}(${code})`;
  }

  /** The same of a session in supervisorctl's own shell. */
  session(questions: readonly string[]): Promise<string> {
    return new Promise(resolve => {
      const child = execFile(
        supervisorctl ?? '',
        ['-c', join(this.dir, 's.conf')],
        { env: this.environment },
        (_error, stdout, stderr) => resolve(this.tidy(stdout + stderr)),
      );
      child.stdin?.end(questions.map(question => `${question}\n`).join(''));
    });
  }

  tidy(text: string): string {
    return (
      text
        .replaceAll(this.dir, '%DIR%')
        .replaceAll(/pid \d+, uptime \S+/g, 'pid N, uptime T')
        .replaceAll(/\w{3} \d\d \d\d:\d\d [AP]M/g, 'DATE')
        .replaceAll(/pid \d+/g, 'pid N')
        .replaceAll(/\(\d+\) with SIGKILL/g, '(N) with SIGKILL')
        .replaceAll(/-\w{8}\.log/g, '-X.log')
        // What takes a second to fail, on a busy machine, is tried again.
        .replaceAll(/(supervisor: couldn't [^\n]*\nsupervisor: child process was not spawned\n)\1+/g, '$1')
    );
  }

  log(): string {
    return readFileSync(join(this.dir, 's.log'), 'utf8');
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

export function daemons(t: TestContext): { real: Daemon; ours: Daemon } {
  const place = makePlace(t);
  const real = new Daemon(place, join(place.dir, 'real'), [supervisord ?? '']);
  const ours = new Daemon(place, join(place.dir, 'ours'), [hostd, 'supervisord']);
  place.after(async () => {
    await Promise.all([real.stop(), ours.stop()]);
  });
  return { real, ours };
}

export const head = `[unix_http_server]
file=%DIR%/s.sock
[supervisord]
logfile=%DIR%/s.log
pidfile=%DIR%/s.pid
childlogdir=%DIR%/log
user=${isRoot ? 'root' : process.getuid?.()}
environment=SHARED="s1"
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%DIR%/s.sock
`;
