// Reads hostd.toml and the files that it includes. Returns what is good in them, and every problem. A mistake in one app, program or
// file does not keep others from being used.

import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Machine } from '../model/machine.ts';
import type { Problem, Source } from '../model/problem.ts';
import { makeEnvFiles } from './env-files.ts';
import { findIncluded, readText } from './files.ts';
import { thisMachine } from './machine.ts';
import { settle } from './settle.ts';
import { Texts } from './texts.ts';
import { type Document, definitionsIn, parseToml, readSettings, settingsTables } from './toml/toml.ts';

export interface LoadOptions {
  /** What runs now. In a conflict it wins over something new. */
  readonly incumbents?: Host | undefined;
  /** Default: this machine. null: facts of the machine (users, files) are not checked. */
  readonly machine?: Machine | null;
}

export interface Loaded {
  /** What can be used: the settings, and the apps, programs and groups without an error. */
  readonly host: Host;
  /** `at` is a Place where the file could be read. In the order of files and lines. */
  readonly problems: readonly Problem[];
  /** Every file that was read, or should have been, the main one first. */
  readonly files: readonly string[];
  readonly broken: Broken;
  /** Gives problems that a later check has found in `host` their places, and the order of `problems`. */
  place(problems: readonly Problem[]): readonly Problem[];
}

/** What has errors, and therefore stays as it was. */
export interface Broken {
  /** hostd.toml is missing or no TOML, or its own tables [hostd], [control], [proxy] have errors. */
  readonly settings: boolean;
  /** hostd.toml is missing or no TOML, or [hostd] or [control] have errors: nobody knows where hostd's control socket is. */
  readonly control: boolean;
  /** Names of apps, programs (as in [program.NAME]) and groups. */
  readonly names: ReadonlySet<string>;
  /** Files of which no part can be used. */
  readonly files: ReadonlySet<string>;
  /** Whether the app, program or group that an earlier load has read from this source has errors now. */
  has(source: Source): boolean;
}

/** Never throws for mistakes in the files. The configuration is good if no problem is an 'error'. */
export function load(file: string, options: LoadOptions = {}): Loaded {
  const { incumbents, machine = thisMachine } = options;
  const main = resolve(file);
  const problems: Problem[] = [];
  const texts = new Texts(dirname(main));
  // Strict for root, and for a check of what this machine would accept.
  const isStrict = machine !== null || process.geteuid?.() === 0;
  const { settings, documents, files } = readFiles(main, isStrict, texts, problems);
  const found = documents.flatMap(document => definitionsIn(document, document.file === main, problems));
  const brokenFiles = new Set(problems.flatMap(brokenFile));
  const settled = settle({
    settings,
    definitions: found.filter(({ source }) => !brokenFiles.has(source.file)),
    brokenFiles,
    incumbents,
    machine,
    machineName: hostname(),
    envFiles: machine === null ? null : makeEnvFiles(),
    where: source => texts.where(source),
  });
  problems.push(...settled.problems);
  // Without a trustworthy [hostd] the list of files is not known. So nothing that runs counts as removed.
  const blind = problems.some(problem => concernsSettings(problem, main, ['hostd']));
  return {
    host: settled.host,
    problems: texts.place(problems, files),
    files,
    place: others => texts.place(others, files),
    broken: {
      settings: problems.some(problem => concernsSettings(problem, main, settingsTables)),
      control: problems.some(problem => concernsSettings(problem, main, ['hostd', 'control'])),
      names: settled.names,
      files: brokenFiles,
      has: source => blind || settled.has(source),
    },
  };
}

function readFiles(main: string, isStrict: boolean, texts: Texts, problems: Problem[]) {
  const read = (file: string): Document | null => {
    const text = readText(file, file === main, isStrict, problems);
    if (text === null) return null;
    texts.add(file, text);
    return parseToml(text, file, problems);
  };
  const first = read(main);
  const settings = readSettings(main, first?.tables ?? {}, problems);
  const included = first === null ? [] : findIncluded(main, settings.include, isStrict, problems);
  const documents = [first, ...included.map(read)].filter(document => document !== null);
  return { settings, documents, files: [main, ...included] };
}

/** The file that cannot be used at all because of this problem. */
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
