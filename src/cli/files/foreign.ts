// Reads the files of other tools from disk for import: files, directories, what they include, and the start scripts of their
// programs.

import { globSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, HostdError } from '../../errors.ts';
import type { Draft } from '../../formats/draft.ts';
import type { Format, ReadContext, SourceText } from '../../formats/format.ts';
import { formats } from '../../formats/formats.ts';
import { wordsOf } from '../../formats/supervisor/table.ts';
import { baseEnvironment } from '../../model/app.ts';
import type { Problem } from '../../model/problem.ts';
import { quoteWord } from '../../words/shlex.ts';

/** Bytes. No configuration is longer. */
const longest = 4 * 1024 ** 2;

export interface Drafts {
  readonly drafts: readonly Draft[];
  readonly problems: readonly Problem[];
  /** All files that were read, included ones and scripts too. Grows as more are looked up. */
  readonly files: ReadonlySet<string>;
  /** Looks up what the files name. */
  readonly around: ReadContext;
}

/**
 * Operands such as `supervisor FILE FILE nginx DIR`: a format's name tells what follows it. `unknown`: what becomes of
 * a variable that only Supervisor's own environment has.
 */
export function readForeign(
  operands: readonly string[],
  unknown: ReadContext['unknown'] = 'left out',
): Drafts {
  const files = new Set<string>();
  const given = new Map<Format, SourceText[]>();
  const add = (format: Format, source: SourceText) =>
    given.set(format, [...(given.get(format) ?? []), source]);
  let format: Format | undefined;
  for (const word of operands) {
    const named = formats.find(({ name, read }) => name === word && read !== undefined);
    if (named !== undefined) format = named;
    else if (format === undefined)
      throw new HostdError('usage', `unknown format "${word}"`, {
        hint: 'supervisor, gunicorn-start or nginx',
      });
    else for (const source of sourcesIn(resolve(word))) add(plainly(source.text) ?? format, source);
  }
  if (given.size === 0) throw new HostdError('usage', 'no file was given');
  const around = contextOf(unknown, files);
  const read = [...given].map(([by, sources]) => by.read?.(sources, around) ?? { drafts: [], problems: [] });
  const scripts = scriptsOf(
    read.flatMap(({ drafts }) => drafts),
    given,
  );
  const more = scripts.map(({ source, start }) =>
    formats.find(({ name }) => name === 'gunicorn-start')?.read?.([source], { ...around, start }),
  );
  for (const { file } of [...given.values()].flat()) files.add(file);
  for (const { source } of scripts) files.add(source.file);
  return {
    // A file that cannot be read as a script stays the program's command.
    drafts: [
      ...read.flatMap(({ drafts }) => drafts),
      ...more.flatMap(one => (one?.problems.length === 0 ? one.drafts : [])),
    ],
    problems: read.flatMap(({ problems }) => problems),
    files,
    around,
  };
}

/** The format that a text plainly has, whatever the operands say. */
function plainly(text: string): Format | undefined {
  const fitting = formats.filter(({ looksLike }) => looksLike?.(text) === true);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function sourcesIn(path: string): readonly SourceText[] {
  try {
    if (!statSync(path).isDirectory()) return [sourceAt(path)];
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && !name.endsWith('~'))
      .map(({ name }) => join(path, name))
      .filter(file => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
      .sort()
      .map(sourceAt);
  } catch (cause) {
    if (cause instanceof HostdError) throw cause;
    const code = errnoOf(cause);
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code;
    throw new HostdError('failed', `cannot read "${path}": ${why}`, {
      cause,
      hint: code === 'EACCES' ? 'sudo' : `ls -l ${quoteWord(path)}`,
    });
  }
}

function sourceAt(file: string): SourceText {
  const stats = statSync(file);
  if (!stats.isFile()) throw new HostdError('failed', `cannot read "${file}": it is not a regular file`);
  if (stats.size > longest) throw new HostdError('failed', `cannot read "${file}": it is longer than 4 MiB`);
  return { file, text: readFileSync(file, 'utf8') };
}

/** Nothing of the caller's own environment gets into what is read. Programs are read with hostd's environment. */
function contextOf(unknown: ReadContext['unknown'], files: Set<string>): ReadContext {
  return {
    machineName: hostname(),
    environment: baseEnvironment,
    unknown,
    include: pattern => {
      const found = globSync(pattern)
        .sort()
        .filter(file => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
      for (const file of found) files.add(file);
      return found.map(sourceAt);
    },
    sourced: (file, by) => {
      if (!mayRead(file, by)) return null;
      files.add(file);
      return sourceAt(file);
    },
  };
}

/** Whether the owner of `by` may read the file: he is root, or owns it, or everybody may. */
function mayRead(file: string, by: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  const author = statSync(by, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || author === undefined) return false;
  const isRoots = author.uid === 0 && (author.mode & 0o022) === 0;
  return isRoots || stats.uid === author.uid || isOpen(real(file));
}

/** Whether everybody may read it, and enter all directories on the way. */
function isOpen(file: string): boolean {
  if ((statSync(file).mode & 0o004) === 0) return false;
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false;
    if (directory === '/') return true;
  }
}

interface Script {
  readonly source: SourceText;
  /** How its program starts it. */
  readonly start: NonNullable<ReadContext['start']>;
}

/** Existing scripts that programs run. They are read, never run. */
function scriptsOf(
  drafts: readonly Draft[],
  given: ReadonlyMap<Format, readonly SourceText[]>,
): readonly Script[] {
  const known = new Set([...given.values()].flat().map(({ file }) => real(file)));
  return drafts.flatMap((draft): readonly Script[] => {
    if (draft.kind !== 'program') return [];
    const [process] = draft.processes;
    if (process === undefined) return [];
    const { directory, environment } = process;
    // Also within "bash -c ...".
    const words = (wordsOf(process) ?? []).flatMap(word => word.split(/[\s;&|]+/));
    for (const word of words) {
      const file = resolve(directory ?? '/', word);
      if (!word.includes('/') || known.has(real(file))) continue;
      const [source] = scriptAt(file);
      if (source === undefined) continue;
      known.add(real(file));
      return [{ source, start: { directory, environment } }];
    }
    return [];
  });
}

function scriptAt(file: string): readonly SourceText[] {
  try {
    const source = sourceAt(file);
    return source.text.startsWith('#!') && /\bgunicorn\b/.test(source.text) ? [source] : [];
  } catch {
    return []; // missing, or closed to this user: the command stays a command
  }
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
