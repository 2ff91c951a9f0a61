// Reads hostd.toml and the files that it includes, and hands back what is good in them with every problem in the rest.
// What is wrong in one app, program or file keeps no other from being used.

import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import {
  type Definition,
  type Document,
  definitionsIn,
  parseToml,
  readDefinition,
  readGroup,
  readSettings,
  settingsTables,
} from '../formats/toml.ts';
import { assemble } from '../model/assemble.ts';
import { check } from '../model/check.ts';
import type { Host, Settings } from '../model/host.ts';
import type { Machine } from '../model/machine.ts';
import type { Problem, Source } from '../model/problem.ts';
import { findIncluded, readText } from './files.ts';
import { thisMachine } from './machine.ts';
import { findNameClashes, gather, idOf } from './names.ts';
import { Texts } from './texts.ts';

export interface LoadOptions {
  /** What runs now: in a conflict it wins over a newcomer. */
  readonly incumbents?: Host | undefined;
  /** Default: this machine. null: facts of the machine (users, files) are not checked. */
  readonly machine?: Machine | null;
}

export interface Loaded {
  /** What can be used: the settings, and the apps, programs and groups without an error. */
  readonly host: Host;
  /** `at` is a Place wherever the file could be read. In the order of files and lines. */
  readonly problems: readonly Problem[];
  /** Every file that was read, or should have been, the main one first. */
  readonly files: readonly string[];
  readonly broken: Broken;
}

/** What has errors, and so is to be left as it was. */
export interface Broken {
  /** hostd.toml is missing or no TOML, or its own tables [hostd], [control], [proxy] have errors. */
  readonly settings: boolean;
  /** Names of apps, programs (as in [program.NAME]) and groups. */
  readonly names: ReadonlySet<string>;
  /** Files of which nothing is used. */
  readonly files: ReadonlySet<string>;
  /** Whether that which an earlier load found here (an app, a program, a group) has errors now. */
  has(source: Source): boolean;
}

/** Never throws for what the files say. Without a problem of severity 'error' all is well. */
export function load(file: string, options: LoadOptions = {}): Loaded {
  const { incumbents, machine = thisMachine } = options;
  const main = resolve(file);
  const problems: Problem[] = [];
  const texts = new Texts(dirname(main));
  const { settings, documents, files } = readFiles(main, texts, problems);
  const where = (source: Source) => texts.where(source);

  const found = documents.flatMap(document => definitionsIn(document, document.file === main, problems));
  const brokenFiles = new Set(problems.flatMap(problem => brokenFile(problem)));
  const whole = found.filter(({ source }) => !brokenFiles.has(source.file));
  problems.push(...findNameClashes(whole, incumbents, where));
  const broken = new Set(problems.flatMap(brokenDefinition));
  const definitions = whole.filter(({ source }) => !broken.has(idOf(source)));

  // A definition that falls out may free a name for another, or keep one that an app still runs with.
  let host: Host;
  let before: number;
  do {
    before = broken.size;
    const has = (source: Source) => brokenFiles.has(source.file) || broken.has(idOf(source));
    const here = definitions.filter(({ source }) => !has(source));
    const again: Problem[] = [];
    host = readHost(here, definitions, settings, where, again);
    for (const problem of again) for (const id of brokenDefinition(problem)) broken.add(id);
    host = without(host, has);
    const held = incumbents?.apps.filter(app => has(app.source));
    again.push(...check(host, machine, { incumbents, held, where }));
    for (const problem of again) for (const id of brokenDefinition(problem)) broken.add(id);
    problems.push(...again);
    host = without(host, has);
  } while (broken.size > before);

  const settled = unique(problems);
  // Without a trustworthy [hostd], nobody knows what the files are: nothing that runs has disappeared.
  const blind = settled.some(problem => concernsSettings(problem, main, ['hostd']));
  return {
    host,
    problems: texts.place(settled, files),
    files,
    broken: {
      settings: settled.some(problem => concernsSettings(problem, main, settingsTables)),
      names: new Set([...broken].map(id => String(JSON.parse(id)[2]))),
      files: brokenFiles,
      has: source =>
        blind ||
        brokenFiles.has(source.file) ||
        brokenFiles.has(dirname(source.file)) ||
        broken.has(idOf(source)),
    },
  };
}

function readFiles(main: string, texts: Texts, problems: Problem[]) {
  const read = (file: string): Document | null => {
    const text = readText(file, file === main, problems);
    if (text === null) return null;
    texts.add(file, text);
    return parseToml(text, file, problems);
  };
  const first = read(main);
  const settings = readSettings(main, first?.tables ?? {}, problems);
  const included = first === null ? [] : findIncluded(main, settings.include, problems);
  const documents = [first, ...included.map(read)].filter(document => document !== null);
  return { settings, documents, files: [main, ...included] };
}

function readHost(
  here: readonly Definition[],
  all: readonly Definition[],
  settings: Settings,
  where: (source: Source) => string,
  problems: Problem[],
): Host {
  // All groups, for a mistake in one must not rename its programs.
  const groups = all
    .filter(({ kind }) => kind === 'group')
    .map(({ name, source, table }) =>
      readGroup({ ...source, title: `group "${name}"`, subject: name, problems: [] }, name, table),
    );
  const groupOf = gather(groups, all, where, problems);
  const around = { settings, groupOf, machineName: hostname() };
  const pieces = here.map(definition => readDefinition(definition, around, problems));
  return assemble({
    settings,
    apps: pieces.flatMap(piece => piece.apps),
    programs: pieces.flatMap(piece => piece.programs),
    groups: pieces.flatMap(piece => piece.groups),
  });
}

function without(host: Host, has: (source: Source) => boolean): Host {
  return assemble({
    settings: host.settings,
    apps: host.apps.filter(app => !has(app.source)),
    programs: host.programs.filter(program => !has(program.source)),
    groups: host.groups.filter(group => !has(group.source)),
  });
}

/** The definition that an error keeps from being used. */
function brokenDefinition({ severity, subject, at }: Problem): readonly string[] {
  return severity === 'error' && subject !== undefined && at !== undefined && 'key' in at ? [idOf(at)] : [];
}

/** The file of which an error lets nothing be used. */
function brokenFile({ severity, subject, at }: Problem): readonly string[] {
  if (severity === 'warning' || subject !== undefined || at === undefined) return [];
  const isOfSettings = 'key' in at && (settingsTables as readonly unknown[]).includes(at.key[0]);
  return isOfSettings ? [] : [at.file];
}

function concernsSettings(
  { severity, subject, at }: Problem,
  main: string,
  tables: readonly unknown[],
): boolean {
  if (severity === 'warning' || subject !== undefined || at?.file !== main) return false;
  return 'line' in at || at.key.length === 0 || tables.includes(at.key[0]);
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map(problem => [JSON.stringify(problem), problem])).values()];
}
