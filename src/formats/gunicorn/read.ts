// From a start script to a draft of an app: by reading it, never by running it.

import { dirname, resolve } from 'node:path';
import type { Place } from '../../model/problem.ts';
import { localAddress } from '../backend.ts';
import type { Draft, Remark, ScriptDraft } from '../draft.ts';
import type { Read, SourceText } from '../format.ts';
import { type GunicornCall, gunicornCall } from './arguments.ts';
import { type ShellCommand, shellCommands, type Variables } from './shell.ts';

export function looksLikeScript(text: string): boolean {
  return text.startsWith('#!');
}

export function readStartScript(sources: readonly SourceText[]): Read {
  const drafts = sources.map(readOne);
  const lost = sources.filter((_, index) => !drafts[index]?.some(draft => draft.kind === 'script'));
  return {
    drafts: drafts.flat(),
    problems: lost.map(({ file }) => ({
      severity: 'error',
      at: { file, line: 1, column: 1 },
      message: 'cannot import this script: no line of it starts gunicorn in a way that can be read',
      hint: `[app.NAME] with command = "${file}"`,
    })),
  };
}

/** Commands that set the stage, and say nothing about the app. */
const idle = new Set([
  'echo',
  'set',
  'test',
  '[',
  'mkdir',
  'true',
  ':',
  'source',
  '.',
  'rm',
  'exit',
  'whoami',
]);

/** Variables that the app has anyway. */
const usual = new Set(['PYTHONPATH', 'PATH', 'VIRTUAL_ENV', 'DJANGO_SETTINGS_MODULE', 'LANG']);

function readOne({ file, text }: SourceText): readonly Draft[] {
  const variables: Variables = new Map();
  const commands = shellCommands(text, variables);
  const remarks: Remark[] = [];
  const exported = new Set<string>();
  let directory = dirname(file);
  let root: string | null = null;
  let umask: number | null = null;
  let script: ScriptDraft | null = null;
  for (const command of commands) {
    const at: Place = { file, line: command.line, column: 1 };
    const [program, ...rest] = command.words;
    const remark = (why: string) => remarks.push({ kind: 'remark', at, why, line: command.text, of: null });
    const call = callOf(command);
    if (call !== null && script === null) {
      const environment = ownVariables(variables, exported);
      script = { ...draftOf(call, at, directory, root, variables), umask, environment };
      if (call.others.some(word => word === '--daemon' || word === '-D'))
        remark('hostd supervises gunicorn itself');
      if (call.options.bind !== undefined && !call.options.bind.startsWith('unix:'))
        remark('hostd gives gunicorn a unix socket instead');
    } else if (program === undefined) {
      const unknown = command.assignments.find(({ value }) => value === null);
      if (unknown !== undefined) remark(`only a running shell knows ${unknown.name}`);
    } else if (program === 'export') {
      for (const word of rest) exported.add((word ?? '').split('=')[0] ?? '');
      if (rest.includes(null)) remark('only a running shell knows this value');
    } else if (program === 'cd' && typeof rest[0] === 'string') directory = resolve(directory, rest[0]);
    else if ((program === 'source' || program === '.') && /\/activate$/.test(rest[0] ?? ''))
      root = dirname(dirname(resolve(directory, rest[0] ?? '')));
    else if (program === 'umask' && /^0?[0-7]{1,3}$/.test(rest[0] ?? ''))
      umask = Number.parseInt(rest[0] ?? '', 8);
    else if (program === null || !idle.has(program)) remark('not understood');
  }
  return script === null ? remarks : [script, ...remarks];
}

/** The words from gunicorn on, when all of them are known. */
function callOf({ words }: ShellCommand): GunicornCall | null {
  const known = words.filter(word => word !== null);
  if (known.length < words.length) return null;
  const plain = known[0] === 'exec' ? known.slice(1) : known;
  const inner =
    /(^|\/)setpriv$/.test(plain[0] ?? '') && plain[1] === '--no-new-privs' ? plain.slice(2) : plain;
  return gunicornCall(inner[0] === '--' ? inner.slice(1) : inner);
}

function ownVariables(variables: Variables, exported: ReadonlySet<string>): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const name of exported) {
    const value = variables.get(name);
    if (value !== undefined && value !== null && !usual.has(name)) own[name] = value;
  }
  return own;
}

/** `variables`: of the script, for what gunicorn is told by the environment. */
export function draftOf(
  { program, wsgi, options, others }: GunicornCall,
  at: Place,
  directory: string,
  root: string | null,
  variables: ReadonlyMap<string, string | null>,
): ScriptDraft {
  const where = options.chdir === undefined ? directory : resolve(directory, options.chdir);
  const path = (variables.get('PYTHONPATH') ?? '').split(':').find(part => part.startsWith('/'));
  const own = program.includes('/') ? dirname(dirname(resolve(directory, program))) : null;
  return {
    kind: 'script',
    at,
    root: root ?? own,
    project: path ?? where,
    directory: where,
    processName: options.name ?? null,
    socket: options.bind?.startsWith('unix:') ? options.bind.slice(5) : null,
    address: options.bind === undefined ? null : localAddress(options.bind),
    user: options.user ?? null,
    group: options.group ?? null,
    settings: variables.get('DJANGO_SETTINGS_MODULE') || null,
    wsgi: wsgi.replace(/:application$/, ''),
    workers: natural(options.workers),
    threads: natural(options.threads),
    workerClass: options['worker-class'] ?? null,
    gracefulTimeout: natural(options['graceful-timeout']),
    umask: null,
    gunicornArgs: [
      ...(options['log-file'] === undefined || options['log-file'] === '-'
        ? []
        : [`--log-file=${options['log-file']}`]),
      ...others.filter(word => word !== '--daemon' && word !== '-D'),
    ],
    environment: {},
  };
}

function natural(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
