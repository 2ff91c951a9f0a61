// Moves a program from Supervisor to hostd. Everything is checked first. Then it is stopped there and started here. If it does not
// come up, it goes back.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HostdError } from '../../errors.ts';
import { type ImportedFile, importDrafts } from '../../formats/import/import.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { Client } from '../client/client.ts';
import { fetchStatus } from '../client/names.ts';
import { noWiderThan } from './closed.ts';
import { readForeign } from './foreign.ts';
import { put, take } from './tree.ts';

export interface Request {
  readonly names: readonly string[];
  readonly config: string;
  readonly supervisor: string;
  /** null: the usual directory, if it exists. */
  readonly nginx: string | null;
  readonly client: Client;
}

/** A future file of apps.d, and Supervisor's names for its processes. */
export interface Movable extends ImportedFile {
  readonly file: string;
  /** A mode as closed as that of the files that it was read from. */
  readonly mode: number;
  readonly config: string;
  readonly supervisor: string;
}

export interface Adoption {
  readonly movable: readonly Movable[];
  readonly left: readonly { readonly name: string; readonly why: string }[];
  readonly problems: readonly Problem[];
}

const usualSites = '/etc/nginx/sites-enabled';

export async function adoption(request: Request): Promise<Adoption> {
  const { supervisor, client, names } = request;
  const running = await runningThere(supervisor);
  const here = new Set((await fetchStatus(client, [])).programs.map(program => program.group));
  const sites = request.nginx ?? (existsSync(usualSites) ? usualSites : null);
  const operands = ['supervisor', supervisor, ...(sites === null ? [] : ['nginx', sites])];
  // A program that would lose a variable stays with Supervisor.
  const { drafts, problems, files, around } = readForeign(operands, 'refused');
  const imported = importDrafts(drafts, around);
  const directory = await appsDirectory(request.config);
  const mode = noWiderThan(0o644, files, 'directories');
  const movable: Movable[] = [];
  const left: { name: string; why: string }[] = [];
  for (const one of imported.files) {
    if (one.processes.length === 0 || (names.length > 0 && !names.includes(one.name))) continue;
    const up = one.processes.filter(process => running.has(process));
    const file = join(directory, `${one.name}.toml`);
    const why = here.has(one.name)
      ? 'hostd has a program of this name already'
      : existsSync(file)
        ? `${file} is there already`
        : up.length < one.processes.length
          ? `Supervisor does not run ${one.processes.filter(process => !running.has(process)).join(', ')}`
          : null;
    if (why === null) movable.push({ ...one, file, mode, config: request.config, supervisor });
    else left.push({ name: one.name, why });
  }
  for (const name of names)
    if (!imported.files.some(one => one.name === name))
      left.push({ name, why: 'Supervisor has no such program' });
  return {
    movable,
    left,
    problems: [...problems, ...imported.problems.filter(({ severity }) => severity === 'error')],
  };
}

export type Moved =
  /** `logs`: those that root owned, and that the app now owns. */
  | { readonly kind: 'moved'; readonly ms: number; readonly logs: readonly string[] }
  | { readonly kind: 'back'; readonly why: string };

export async function move(one: Movable, client: Client): Promise<Moved> {
  const output = {
    kind: 'file',
    path: `/${one.name}.toml`,
    text: one.text,
    mode: one.mode,
    owner: one.name,
  } as const;
  const base = dirname(one.file);
  put(base, output);
  const wrong = await errorsIn(one);
  if (wrong !== null) {
    take(base, output.path);
    return { kind: 'back', why: wrong };
  }
  const logs = await ownLogs(one);
  const began = performance.now();
  const stopped = await supervisorctl(one.supervisor, ['stop', ...one.processes]);
  try {
    if (stopped.code !== 0) throw new HostdError('failed', `supervisorctl stop said: ${stopped.output}`);
    await update(client);
    const { programs } = await fetchStatus(client, [`${one.name}:*`]);
    const down = programs.find(({ state }) => state !== 'RUNNING');
    if (down !== undefined || programs.length === 0)
      throw new HostdError(
        'failed',
        `it is ${down?.state ?? 'unknown'} here: ${down?.spawnerr || down?.description}`,
      );
    return { kind: 'moved', ms: performance.now() - began, logs };
  } catch (error) {
    take(base, output.path);
    await update(client).catch(() => {});
    const back = await supervisorctl(one.supervisor, ['start', ...one.processes]);
    const why = error instanceof Error ? error.message : String(error);
    return {
      kind: 'back',
      why: back.code === 0 ? `${why}; Supervisor runs it again` : `${why}; and there: ${back.output}`,
    };
  }
}

/** Commands that undo the move, and what keeps Supervisor from starting the program again. */
export function wayBack(one: Movable): string {
  const names = one.processes.map(quoteWord).join(' ');
  return (
    `  back: rm ${quoteWord(one.file)} && hostctl update && supervisorctl -c ${quoteWord(one.supervisor)} start ${names}\n` +
    `  for good: remove it from Supervisor's configuration, or Supervisor starts it when it starts itself\n`
  );
}

async function ownLogs({ config, name }: Movable): Promise<readonly string[]> {
  const { load } = await import('../../config/load.ts');
  const { giveLogs } = await import('../../create/give-logs.ts');
  return process.geteuid?.() === 0 ? giveLogs(load(config).host, name) : [];
}

async function update(client: Client): Promise<void> {
  for await (const progress of client.progress({ method: 'POST', path: 'update', body: { dryRun: false } }))
    if (progress.kind === 'done' && progress.outcome !== 'ok' && progress.outcome !== 'noop')
      throw new HostdError('failed', progress.message);
}

/** Errors of check in the new file, once it is in its place; null: none. */
async function errorsIn(one: Movable): Promise<string | null> {
  const { load } = await import('../../config/load.ts');
  const { problems } = load(one.config);
  const own = problems.filter(({ severity, at }) => severity === 'error' && at?.file === one.file);
  return own.length === 0 ? null : own.map(formatProblem).join('\n');
}

/** The directory of the first pattern of include. */
async function appsDirectory(config: string): Promise<string> {
  const { load } = await import('../../config/load.ts');
  const { host } = load(config, { machine: null });
  const pattern = host.settings.include.find(pattern => /\*\.toml$/.test(pattern));
  if (pattern === undefined)
    throw new HostdError('config', `cannot add a file: include in ${config} has no directory of them`, {
      hint: 'include = ["apps.d/*.toml"]',
    });
  return join(dirname(config), dirname(pattern));
}

/** Processes that run or are about to, by Supervisor's names. */
async function runningThere(config: string): Promise<ReadonlySet<string>> {
  const { code, output } = await supervisorctl(config, ['status']);
  // Status 3: some do not run.
  if (code !== 0 && code !== 3)
    throw new HostdError('failed', `cannot ask Supervisor: ${output.split('\n')[0]}`, {
      hint: `supervisorctl -c ${quoteWord(config)} status`,
    });
  const found = output.matchAll(/^(\S+)\s+(?:RUNNING|STARTING)\b/gm);
  return new Set([...found].map(match => match[1] ?? ''));
}

function supervisorctl(config: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    execFile('supervisorctl', ['-c', config, ...args], { timeout: 600_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      const missing = error !== null && error.code === 'ENOENT' ? 'supervisorctl is not installed' : '';
      resolve({ code, output: `${stdout}${stderr}${missing}`.trim() });
    });
  });
}
