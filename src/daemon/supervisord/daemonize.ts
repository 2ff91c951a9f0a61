// supervisord leaves its terminal: a new process goes on with what has been prepared, and with the listening sockets that were
// opened before. On a restart it begins anew in the same process.

import { join } from 'node:path';

/** What this process is: the one that the user started, the daemon that it has started, or a daemon that has begun anew. */
export type Stage = (
  | { readonly kind: 'first' }
  | { readonly kind: 'again'; readonly place: string }
  /** `fds`: the listening sockets, in the order of the servers. */
  | { readonly kind: 'daemon'; readonly place: string; readonly fds: readonly number[] }
) & {
  /** Begins anew in this process, with the same place (place.ts). false: this Node cannot. */
  becomeAgain(place: string): boolean;
};

/** The message from the process before. */
interface Word {
  readonly kind: 'again' | 'daemon';
  readonly place: string;
  /** How many sockets there are. */
  readonly sockets: number;
}

const variable = 'HOSTD_SUPERVISORD';
const launcher = join(import.meta.dirname, '..', '..', '..', 'bin', 'hostd');
const firstFd = 3;

/** Reads the message in the environment, and removes it from there. */
export function ownStage(): Stage {
  const text = process.env[variable];
  delete process.env[variable];
  const whole = { ...process.env };
  const becomeAgain = (place: string) => {
    const { execve } = process as {
      execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never;
    };
    if (execve === undefined) return false;
    const env = { ...whole, [variable]: wordOf({ kind: 'again', place, sockets: 0 }) };
    try {
      execve(launcher, ['hostd', 'supervisord', ...process.argv.slice(2)], env);
    } catch {
      return false;
    }
    return true;
  };
  if (text === undefined) return { kind: 'first', becomeAgain };
  const { kind, place, sockets } = JSON.parse(text) as Word;
  if (kind === 'again') return { kind, place, becomeAgain };
  return { kind, place, fds: Array.from({ length: sockets }, (_, index) => firstFd + index), becomeAgain };
}

function wordOf(word: Word): string {
  return JSON.stringify(word);
}

/** Starts the daemon, and ends this process. */
export function becomeDaemon(place: string, fds: readonly number[]): void {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    env: { ...process.env, [variable]: wordOf({ kind: 'daemon', place, sockets: fds.length }) },
    stdio: ['ignore', 'ignore', 'ignore', ...fds],
  });
  child.on('error', error => {
    process.stderr.write(`Error: cannot become a daemon: ${error.message}\n`);
    process.exit(1);
  });
  child.on('spawn', () => process.exit(0));
}

/** What is between this process and its service manager (sd_notify(3), sd_watchdog_enabled(3)). */
const managers = ['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC'];

/** The environment that bin/hostd was started with, without its shell's own. Variables that it has hidden from Node are put back. */
export function givenEnvironment(): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  const own = new Set(['HOSTD_NOFILE', 'HOSTD_PROGRAM', 'HOSTD_OWN', variable, ...managers]);
  for (const name of (process.env['HOSTD_OWN'] ?? '').split(' ')) own.add(name);
  for (const [name, text] of Object.entries(process.env)) {
    if (text === undefined) continue;
    if (name.startsWith('HOSTD_KEPT_')) given[name.slice('HOSTD_KEPT_'.length)] = text;
    else if (!own.has(name)) given[name] = text;
  }
  return withLocale(given);
}

/** In the C locale Python gives itself, and so all that supervisord starts, one with UTF-8 (PEP 538). Pure. */
export function withLocale(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (given['LC_ALL'] || given['PYTHONCOERCECLOCALE'] === '0') return given;
  const locale = given['LC_CTYPE'] || given['LANG'] || 'C';
  return locale === 'C' || locale === 'POSIX' ? { ...given, LC_CTYPE: 'C.UTF-8' } : given;
}
