// Node front ends: a package.json with a "dev" script, and how to tell the script its port. Only reads files.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HostdError, messageOf } from '../../errors.ts';
import { quoteWord } from '../../words/shlex.ts';
import { readProjectFile } from './project-file.ts';

export interface FrontEnd {
  readonly directory: string;
  /** npm, pnpm, yarn or bun, by the lock file. */
  readonly manager: string;
  /** Arguments for the script, with "{port}" in place of the port. */
  readonly portArguments: readonly string[];
  readonly script: string;
  readonly hasDependencies: boolean;
}

/** Scripts that serve. Others only build. */
const servers =
  /\b(vite|next|nuxt|astro|ng serve|parcel|webpack-dev-server|webpack serve|react-scripts|react-router|remix|gatsby|vue-cli-service|serve|http-server|nodemon|node|tsx|bun|deno)\b/;

/** Whether the script listens on a port, judged by its words. */
export function isServer({ script }: Pick<FrontEnd, 'script'>): boolean {
  return servers.test(script) && !/\btailwind(css)?\b/.test(script);
}

const lockFiles: readonly (readonly [file: string, manager: string])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

/** Tools that need their port as an argument. All others read PORT. */
const portOptions: readonly (readonly [tool: RegExp, arguments: readonly string[]])[] = [
  [/\b(vite|vite-node|vitepress|sveltekit)\b/, ['--host', '127.0.0.1', '--port', '{port}', '--strictPort']],
  [/\bastro\b/, ['--host', '127.0.0.1', '--port', '{port}']],
  [/\bng serve\b/, ['--host', '127.0.0.1', '--port', '{port}']],
  [/\bparcel\b/, ['--port', '{port}']],
  [/\bwebpack(-dev-server| serve)\b/, ['--host', '127.0.0.1', '--port', '{port}']],
];

/** The front end in a folder with a package.json; null: it has no "dev" script. @throws HostdError when it cannot be read. */
export function readFrontEnd(directory: string): FrontEnd | null {
  const file = join(directory, 'package.json');
  const text = readProjectFile(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HostdError('failed', `cannot read "${file}": ${messageOf(cause)}`, {
      hint: `python3 -m json.tool ${quoteWord(file)}`,
      cause,
    });
  }
  const script = devScript(value);
  if (script === null) return null;
  return {
    directory,
    manager: managerOf(directory),
    portArguments: portArguments(script),
    script,
    hasDependencies: hasDependencies(value),
  };
}

function devScript(value: unknown): string | null {
  const scripts = typeof value === 'object' && value !== null && 'scripts' in value ? value.scripts : null;
  const dev = typeof scripts === 'object' && scripts !== null && 'dev' in scripts ? scripts.dev : null;
  return typeof dev === 'string' && dev.trim() !== '' ? dev : null;
}

function hasDependencies(value: unknown): boolean {
  const isFilled = (table: unknown) =>
    typeof table === 'object' && table !== null && Object.keys(table).length > 0;
  const { dependencies, devDependencies } = value as { dependencies?: unknown; devDependencies?: unknown };
  return isFilled(dependencies) || isFilled(devDependencies);
}

function managerOf(directory: string): string {
  return lockFiles.find(([file]) => existsSync(join(directory, file)))?.[1] ?? 'npm';
}

export function portArguments(script: string): readonly string[] {
  return portOptions.find(([tool]) => tool.test(script))?.[1] ?? [];
}

/** argv that runs the script on a port. */
export function frontEndCommand(
  { manager, portArguments }: Pick<FrontEnd, 'manager' | 'portArguments'>,
  port: number,
): readonly string[] {
  const args = portArguments.map(argument => argument.replace('{port}', String(port)));
  // The other package managers pass on what follows, a "--" too.
  const separator = args.length > 0 && manager === 'npm' ? ['--'] : [];
  return [manager, 'run', 'dev', ...separator, ...args];
}
