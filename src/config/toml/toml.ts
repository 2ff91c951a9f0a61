// hostd.toml and its included files: text to values to pieces of the model, with every problem collected.
// Reads no disk and knows nothing of the machine.

import toml from 'toml';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { App, Group, Program, Settings } from '../../model/host.ts';
import type { Problem, Source } from '../../model/problem.ts';
import { nearest } from '../../words/nearest.ts';
import { readApp } from './app.ts';
import { isTable, showValue } from './decoded.ts';
import type { EnvSurroundings } from './env-file.ts';
import { groupKeys, listenerKeys, programKeys } from './keys.ts';
import { checkName } from './names.ts';
import { syntaxProblem } from './places.ts';
import { listenersOf, programDefaults, programsOf } from './program.ts';
import { settingsTables } from './settings.ts';
import { readTable, report, type Scope } from './table.ts';

// The parts of other folders that config/ needs. It imports them from here.
export { nearest } from '../../words/nearest.ts';
export { type Places, placesOf } from './places.ts';
export { readSettings, settingsTables } from './settings.ts';

type Table = Readonly<Record<string, unknown>>;

/** One file, parsed: its values by table. */
export interface Document {
  readonly file: string;
  readonly tables: Table;
}

/** The kinds of tables that define something by name. */
export type DefinitionKind = 'app' | 'program' | 'listener' | 'group';

/** One [app.NAME], [program.NAME], [listener.NAME] or [group.NAME], still as values. */
export interface Definition {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly source: Source;
  readonly table: Table;
}

/** What one definition is read into. */
export interface Piece {
  readonly definition: Definition;
  readonly apps: readonly App[];
  readonly programs: readonly Program[];
  readonly resting: readonly Program[];
  readonly groups: readonly Group[];
}

/** What a definition depends on besides itself. */
export interface Surroundings extends EnvSurroundings {
  readonly settings: Settings;
  /** The group of each program that a [group.NAME] gathers, by the program's name. */
  readonly groupOf: ReadonlyMap<string, { readonly name: string; readonly priority: number }>;
  /** This machine's host name, for %(host_node_name)s. */
  readonly machineName: string;
}

/** null: the text is no TOML, and its first mistake is reported with its place. */
export function parseToml(text: string, file: string, problems: Problem[]): Document | null {
  try {
    return { file, tables: toml.parse(text) as Table };
  } catch (error) {
    problems.push(syntaxProblem(text, file, error));
    return null;
  }
}

const kinds: readonly DefinitionKind[] = ['app', 'program', 'listener', 'group'];

/** The definitions of a document, in order. An unknown table is a problem of the whole file. */
export function definitionsIn(
  document: Document,
  isMain: boolean,
  problems: Problem[],
): readonly Definition[] {
  const scope: Scope = { file: document.file, key: [], title: 'this file', subject: null, problems };
  return Object.entries(document.tables).flatMap(([kind, tables]) => {
    if ((settingsTables as readonly string[]).includes(kind)) {
      if (!isMain) report(scope, [kind], `[${kind}] can stand in hostd.toml alone`, 'move it there');
      return [];
    }
    if (!(kinds as readonly string[]).includes(kind)) {
      reportUnknownTable(scope, kind, tables);
      return [];
    }
    if (!isTable(tables)) {
      report(
        scope,
        [kind],
        `cannot use ${kind} = ${showValue(tables)}: it must be a table`,
        `[${kind}.hello]`,
      );
      return [];
    }
    return Object.entries(tables).flatMap(([name, table]) => {
      if (isTable(table))
        return [
          { kind: kind as DefinitionKind, name, source: { file: document.file, key: [kind, name] }, table },
        ];
      const message = `there is no key "${name}" in [${kind}]: a table names its ${kind}`;
      report(scope, [kind, name], message, `[${kind}.hello]`);
      return [];
    });
  });
}

function reportUnknownTable(scope: Scope, name: string, value: unknown): void {
  const known = [...settingsTables, ...kinds];
  const tables: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!tables.every(isTable)) {
    report(scope, [name], `there is no key "${name}" outside a table`, 'put it below its table: [app.hello]');
    return;
  }
  const meant = nearest(name, known);
  const named = meant !== null && (kinds as readonly string[]).includes(meant) ? `${meant}.NAME` : meant;
  report(
    scope,
    [name],
    `there is no table [${name}]`,
    named === null ? `one of ${known.join(', ')}` : `[${named}]`,
  );
}

/** Reads one definition. Its name is the subject of its problems. */
export function readDefinition(definition: Definition, around: Surroundings, problems: Problem[]): Piece {
  const { kind, name, source, table } = definition;
  const scope: Scope = { ...source, title: `${kind} "${name}"`, subject: name, problems };
  checkName(scope, name);
  const piece: Piece = { definition, apps: [], programs: [], resting: [], groups: [] };
  switch (kind) {
    case 'app': {
      const read = readApp(scope, name, table, around);
      if (read === null) return piece;
      const [programs, resting] = isElsewhere(read.app) ? [[], read.programs] : [read.programs, []];
      return { ...piece, apps: [read.app], programs, resting };
    }
    case 'program':
      return { ...piece, programs: readProgram(scope, name, table, around) };
    case 'listener':
      return { ...piece, programs: readListener(scope, name, table, around) };
    case 'group':
      return { ...piece, groups: [readGroup(scope, name, table)] };
  }
}

function readProgram(scope: Scope, name: string, table: Table, around: Surroundings): readonly Program[] {
  const given = readTable(scope, table, programKeys);
  const group = around.groupOf.get(name);
  return programsOf(scope, given, {
    name,
    group: group?.name ?? name,
    groupPriority: group?.priority ?? null,
    app: null,
    alone: group === undefined,
    machineName: around.machineName,
    defaults: programDefaults(around.settings.logDir),
  });
}

/** A listener's group is its own pool, whatever [group] says. */
function readListener(scope: Scope, name: string, table: Table, around: Surroundings): readonly Program[] {
  const given = readTable(scope, table, listenerKeys);
  return listenersOf(scope, given, {
    name,
    group: name,
    groupPriority: null,
    app: null,
    alone: true,
    machineName: around.machineName,
    defaults: programDefaults(around.settings.logDir),
  });
}

/** Reads a [group.NAME]. config/load.ts uses it before anything else is read. */
export function readGroup(scope: Scope, name: string, table: Table): Group {
  const given = readTable(scope, table, groupKeys);
  return {
    name,
    source: { file: scope.file, key: scope.key },
    programs: given.programs ?? [],
    priority: given.priority ?? 999,
  };
}
