// Runs one command to its end: as root with a fixed environment, or as the app's user. No command has a terminal, so no process
// of the app's can type into root's (tty_ioctl(4), TIOCSTI).

import { readdirSync } from 'node:fs';
import { HostdError } from '../errors.ts';
import { startAs, startAsRoot } from '../linux/start.ts';
import { native } from '../native/index.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Command {
  readonly argv: readonly string[];
  /** The user that it runs as, without supplementary groups; absent: root. */
  readonly as?: Account;
  /** More environment, also for commands of the app's user. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory, entered with the user's rights. */
  readonly directory?: string;
  readonly umask?: '022' | '077';
  readonly input?: string | NodeJS.ReadableStream;
}

export interface Ran {
  /** -1: a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that has failed. `said`: the last lines that it printed, unescaped. */
export class CommandFailed extends HostdError {
  readonly said: readonly string[];

  constructor(message: string, said: readonly string[], hint?: string) {
    super('failed', message, hint === undefined ? {} : { hint });
    this.said = said;
  }
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Characters from the end of the output that are kept: a command must not fill root's memory. */
const keptOutput = 1 << 20;
const shownLines = 12;
/** Milliseconds for the last output to arrive after a command has ended. */
const closeGrace = 1000;

export type Run = (command: Command) => Promise<Ran>;

/** `signal`: the present signal, which ends the command that runs, and keeps later ones from being started. */
export function makeRun(signal: () => AbortSignal): Run {
  keepInheritedFiles();
  return command => run(command, signal());
}

/** Keeps files that hostctl has inherited, from root's shell, from being passed to the app's user. */
function keepInheritedFiles(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (Number(name) > 2) native.cloexec(Number(name), 1);
    } catch {
      // The descriptor of readdir itself, which is closed.
    }
  }
}

/** Like `run`, but throws a CommandFailed; `doing` completes "cannot ...". */
export async function must(run: Run, doing: string, command: Command, hint?: string): Promise<string> {
  const ran = await run(command);
  if (ran.code === 0) return ran.stdout;
  throw failed(doing, command, ran, hint);
}

export function failed(doing: string, { argv }: Command, ran: Ran, hint?: string): CommandFailed {
  const lines = `${ran.stdout}\n${ran.stderr}`
    .split('\n')
    .map(line => line.trimEnd().replaceAll('\t', '    '));
  const said = lines.filter(line => line !== '').slice(-shownLines);
  const how = ran.code === -1 ? 'was ended by a signal' : `ended with ${ran.code}`;
  return new CommandFailed(`cannot ${doing}: ${argv.slice(0, 3).join(' ')} ${how}`, said, hint);
}

function run(
  { argv, as, env, directory = '/', umask = '022', input }: Command,
  signal: AbortSignal,
): Promise<Ran> {
  if (signal.aborted) return Promise.resolve({ code: -1, stdout: '', stderr: 'interrupted' });
  // The directory is entered, and the program looked up, after root's rights are gone.
  const enter = [
    '/bin/sh',
    '-c',
    'umask "$1" && cd -- "$2" && shift 2 && exec "$@"',
    'sh',
    umask,
    directory,
    ...argv,
  ];
  const variables = { PATH: systemPath, LANG: 'C.UTF-8', ...env };
  return new Promise((resolve, reject) => {
    const child = as === undefined ? startAsRoot(enter, variables) : startAs(as, enter, variables);
    const end = () => child.kill();
    signal.addEventListener('abort', end, { once: true });
    const output = { stdout: '', stderr: '' };
    const closed = (['stdout', 'stderr'] as const).map(name => {
      child[name].setEncoding('utf8');
      child[name].on('data', (chunk: string) => {
        output[name] = (output[name] + chunk).slice(-keptOutput);
      });
      return new Promise(done => child[name].once('close', done));
    });
    child.whenOver(ending => {
      if (ending instanceof Error) {
        reject(ending);
        return;
      }
      const late = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, closeGrace);
      void Promise.all(closed).then(() => {
        clearTimeout(late);
        signal.removeEventListener('abort', end);
        resolve({ code: ending, ...output });
      });
    });
    // A command that ends without reading its input is no error.
    child.stdin.on('error', () => {});
    if (typeof input === 'object') input.pipe(child.stdin);
    else child.stdin.end(input ?? '');
  });
}
