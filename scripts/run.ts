// Runs one command to its end, as another user if wanted, and keeps its output. Knows nothing of the command.

import { spawn } from 'node:child_process';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface RunOptions {
  /** The user that the command runs as. Only root can choose. Supplementary groups are dropped. */
  readonly as?: Account | undefined;
  readonly cwd?: string;
  /** The whole environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
  /** Milliseconds until SIGKILL; none by default. */
  readonly timeout?: number;
}

export interface Ran {
  /** -1: it could not be started, or a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as it came. */
  readonly bytes: Buffer;
}

/** Never throws: `code` and `stderr` tell what went wrong. */
export function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> {
  const [file, ...args] = argv;
  const drop = options.as && process.getuid?.() === 0 ? { uid: options.as.uid, gid: options.as.gid } : {};
  return new Promise(resolve => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? '/',
      env: options.env ?? process.env,
      stdio: 'pipe',
      killSignal: 'SIGKILL',
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      ...drop,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', chunk => stdout.push(chunk));
    child.stderr.on('data', chunk => stderr.push(chunk));
    child.on('error', error =>
      resolve({ code: -1, stdout: '', stderr: error.message, bytes: Buffer.alloc(0) }),
    );
    child.on('close', code => {
      const bytes = Buffer.concat(stdout);
      resolve({
        code: code ?? -1,
        stdout: bytes.toString(),
        stderr: Buffer.concat(stderr).toString(),
        bytes,
      });
    });
    // A command may end without reading its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Like `run`, but throws when the command fails: `doing` completes "cannot ...". */
export async function must(
  doing: string,
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<string> {
  const ran = await run(argv, options);
  if (ran.code !== 0) {
    const said = `${ran.stdout}${ran.stderr}`.trim().split('\n').slice(-12).join('\n    ');
    throw new Error(`cannot ${doing}: ${argv.join(' ')} ended with ${ran.code}\n    ${said}`);
  }
  return ran.stdout;
}
