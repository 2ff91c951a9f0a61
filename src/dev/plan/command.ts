// A command to run: its words, its directory, its environment; and the search for its program.

import { isAbsolute, join } from 'node:path';
import { HostdError } from '../../errors.ts';
import { fileAt } from './reach.ts';

export interface Command {
  /** "hello", "hello:worker". */
  readonly name: string;
  readonly argv: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The environment as execve(2) takes it. */
export function entries(env: Command['env']): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

/** The path of argv[0], as execvp(3) finds it. @throws HostdError */
export function findCommand(name: string, path: string, directory: string): string {
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : join(directory, name)]
    : path.split(':').map(entry => join(isAbsolute(entry) ? entry : join(directory, entry), name));
  for (const candidate of candidates) {
    const stats = fileAt(candidate);
    if (stats !== null && (stats.mode & 0o111) !== 0) return candidate;
  }
  throw new HostdError('failed', `cannot find the command "${name}"`, {
    hint: `install it, or look at PATH: ${path}`,
  });
}
