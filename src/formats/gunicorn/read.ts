// From a start script to a draft of an app: by reading it, never by running it. Every word of it becomes a key of the app, or
// a remark. Only the preparations (messages, tests, directories that hostd makes) are skipped.

import { resolve } from 'node:path';
import type { Place } from '../../model/problem.ts';
import type { Draft, Remark, ScriptDraft } from '../draft.ts';
import type { Read, ReadContext, SourceText } from '../format.ts';
import { gunicornCall, isGunicorn } from './arguments.ts';
import { draftOf } from './call.ts';
import { declarations, readShell, type ShellCommand, unknown } from './shell.ts';
import { Surroundings } from './surroundings.ts';
import { forks, type Peeled, peel } from './wrappers.ts';

export function looksLikeScript(text: string): boolean {
  return text.startsWith('#!');
}

export function readStartScript(sources: readonly SourceText[], around: ReadContext): Read {
  const drafts = sources.map(source => readScript(source, around, null));
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

/** A command of Supervisor's, read as a script of one line. null: it does not start gunicorn. */
export function readCommand(
  words: readonly string[],
  program: { readonly name: string; readonly at: Place },
  around: ReadContext,
): readonly Draft[] | null {
  const reader = new ScriptReader(around, program);
  reader.command(words);
  const drafts = reader.drafts();
  return drafts.some(draft => draft.kind === 'script') ? drafts : null;
}

/** The drafts of a script: what it starts, and remarks. */
function readScript({ file, text }: SourceText, around: ReadContext, of: null): readonly Draft[] {
  const reader = new ScriptReader(around, of);
  reader.script(text, file);
  return reader.drafts();
}

/** Commands that say nothing about the app, whatever follows them. */
const idle = new Set([
  'echo',
  'printf',
  'true',
  ':',
  'exit',
  'whoami',
  'wait',
  'test',
  '[',
  '[[',
  'return',
  'date',
  'id',
]);

/** Commands that stay in front of gunicorn under hostd, too. */
const kept =
  /(^|\/)(newrelic-admin|ddtrace-run|opentelemetry-instrument|nice|ionice|chrt|taskset|stdbuf|timeout|authbind|honcho|foreman|xvfb-run|catchsegv|unbuffer|softlimit|prlimit|numactl|setarch|tini|dumb-init|watchmedo)$/;

class ScriptReader {
  readonly #around: ReadContext;
  readonly #surroundings: Surroundings;
  /** The command of Supervisor's that all of it belongs to. null: a script of its own. */
  readonly #program: { readonly name: string; readonly at: Place } | null;
  readonly #remarks: Remark[] = [];
  readonly #calls: {
    readonly script: ScriptDraft;
    readonly conditional: boolean;
    readonly remarks: readonly Remark[];
    readonly line: string;
  }[] = [];
  #user: string | null = null;
  #group: string | null = null;

  constructor(around: ReadContext, program: { readonly name: string; readonly at: Place } | null) {
    this.#around = around;
    this.#program = program;
    this.#surroundings = new Surroundings(around, program?.at.file ?? '');
  }

  /** The call that is made in any case, else the first one, and everything that was not understood. */
  drafts(): readonly Draft[] {
    const chosen = this.#calls.find(({ conditional }) => !conditional) ?? this.#calls[0];
    for (const { script, line } of this.#calls.filter(call => call !== chosen))
      this.#remark(script.at, line, 'gunicorn is started elsewhere, too, and hostd starts it once');
    if (chosen?.conditional === true)
      this.#remark(
        chosen.script.at,
        chosen.line,
        'it is started under a condition there, and always by hostd',
      );
    const all = [...this.#remarks, ...(chosen?.remarks ?? [])];
    return chosen === undefined ? all : [chosen.script, ...all];
  }

  /** Reads a script of its own. */
  script(text: string, file: string): void {
    this.#surroundings.isCalled(file);
    this.#read(text, file, 0);
  }

  #read(text: string, file: string, depth: number): void {
    const outer = this.#surroundings.file;
    this.#surroundings.file = file;
    for (const command of readShell(text, this.#surroundings.variables)) {
      const at: Place = this.#program?.at ?? { file, line: command.line, column: 1 };
      this.#take(command, at, depth);
    }
    this.#surroundings.file = outer;
  }

  command(words: readonly string[]): void {
    const at = this.#program?.at ?? { file: '', line: 1, column: 1 };
    const text = words.join(' ');
    this.#start(words, { at, text, conditional: false, environment: {}, redirections: [] }, 0);
  }

  #take(command: ShellCommand, at: Place, depth: number): void {
    const { words, parts, text, assignments, redirections, conditional } = command;
    const [program, ...rest] = words;
    const remark = (why: string) => this.#remark(at, text, why);
    const rewritten = rest.map(word => word ?? '');
    const around = this.#surroundings;
    if (around.exportsLines(text, remark)) return;
    around.assign(command, remark);
    const environment: Record<string, string> = {};
    if (words.length > 0)
      for (const { name, value } of assignments)
        if (value === null) remark(`only a running shell knows ${name}`);
        else environment[name] = value;
    if (this.#start(parts, { at, text, conditional, environment, redirections }, depth)) return;
    if (program === undefined || declarations.has(program ?? '')) {
      if (redirections.length > 0) remark('hostd keeps the output of a program in its stdout_logfile');
    } else if (program === 'unset') for (const name of rewritten) around.forget(name);
    else if (program === 'set') around.set(rewritten, remark);
    else if (program === 'cd' && !conditional && typeof rest[0] === 'string') around.go(rest[0]);
    else if (program === 'source' || program === '.') this.#source(rest[0] ?? null, remark, depth);
    else if (program === 'umask' && !conditional && /^0?[0-7]{1,3}$/.test(rest[0] ?? ''))
      around.umask = Number.parseInt(rest[0] ?? '', 8);
    else if (program === 'mkdir' && this.#isOwnDirectory(rewritten)) return;
    else if (program === 'rm' && this.#isSocket(rewritten)) return;
    else if (program === null || !idle.has(program) || redirections.some(isToFile)) remark('not understood');
  }

  #source(written: string | null, remark: (why: string) => void, depth: number): void {
    if (written === null) {
      remark('only a running shell knows this file');
      return;
    }
    const around = this.#surroundings;
    const file = resolve(around.directory, written);
    if (around.activates(file)) return;
    const text = depth < 8 ? around.textOf(file) : null;
    if (text === null) remark('this file cannot be read: env = { ... } with its variables');
    else this.#read(text, file, depth + 1);
  }

  /** Whether it is a directory that hostd has or makes: the socket's, the logs'. */
  #isOwnDirectory(words: readonly string[]): boolean {
    const paths = words.filter(word => !word.startsWith('-'));
    return (
      paths.length > 0 &&
      paths.every(
        path =>
          path === '' ||
          /\/(run|logs?|sockets?|tmp)\/?$/.test(path) ||
          path === this.#surroundings.variables.get('RUNDIR'),
      )
    );
  }

  /** Whether it is a socket, which hostd makes and removes. */
  #isSocket(words: readonly string[]): boolean {
    const paths = words.filter(word => !word.startsWith('-'));
    return paths.length > 0 && paths.every(path => /\.(sock|socket|pid)$/.test(path));
  }

  /** false: these words do not start gunicorn. */
  #start(
    words: readonly string[],
    place: {
      readonly at: Place;
      readonly text: string;
      readonly conditional: boolean;
      readonly environment: Readonly<Record<string, string>>;
      readonly redirections: readonly string[];
    },
    depth: number,
  ): boolean {
    const { at, text, conditional, redirections } = place;
    const peeled = peel(words);
    if (peeled.script !== null) return this.#inner(peeled, place, depth);
    const index = peeled.words.findIndex(isGunicorn);
    const front = peeled.words.slice(0, Math.max(index, 0));
    if (index < 0 || (index > 0 && !kept.test(front[0] ?? ''))) return false;
    const call = gunicornCall(peeled.words.slice(index));
    if (call === null || peeled.words.some((word, place) => place < index && word.includes(unknown)))
      return false;
    const remarks: Remark[] = [];
    const remark = (line: string, why: string, harmless = false) =>
      remarks.push({
        kind: 'remark',
        at,
        why,
        line,
        of: this.#program?.name ?? null,
        ...(harmless ? { harmless } : {}),
      });
    for (const [line, why] of [...peeled.lost, ...call.lost]) remark(line.replaceAll(unknown, '...'), why);
    for (const redirection of redirections)
      remark(
        redirection.replaceAll(unknown, '...'),
        'hostd keeps its output: stdout_logfile',
        redirection === '2>&1',
      );
    if (forks(front))
      remark(text, "it starts gunicorn as a child of its own, which hostd's socket does not reach");
    const around = this.#surroundings;
    const environment = around.environment(peeled, place.environment, remark);
    const script = draftOf(
      call,
      {
        at,
        directory: peeled.directory === null ? around.directory : resolve(around.directory, peeled.directory),
        root: around.root,
        environment,
        umask: around.umask,
        user: peeled.user ?? this.#user,
        group: peeled.group ?? this.#group,
        front,
        finder: peeled.finder,
      },
      this.#around,
      remark,
    );
    if (script === null) return false;
    this.#calls.push({ script, conditional, remarks, line: text });
    return true;
  }

  /** Reads bash -c TEXT, su USER -c TEXT. */
  #inner(
    peeled: Peeled,
    place: { readonly environment: Readonly<Record<string, string>> },
    depth: number,
  ): boolean {
    const { script, user, group, environment } = peeled;
    if (script === null || script.includes(unknown) || depth >= 8) return false;
    this.#user ??= user;
    this.#group ??= group;
    const before = this.#calls.length;
    for (const [name, value] of Object.entries({ ...place.environment, ...environment }))
      this.#surroundings.export(name, value);
    this.#read(script, this.#surroundings.file, depth + 1);
    return this.#calls.length > before;
  }

  #remark(at: Place, line: string, why: string): void {
    this.#remarks.push({ kind: 'remark', at, why, line, of: this.#program?.name ?? null });
  }
}

/** Whether a command's output goes to a real file. */
function isToFile(redirection: string): boolean {
  return !/(\/dev\/null|&[12-])$/.test(redirection);
}
