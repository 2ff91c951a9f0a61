// Puts drafts from foreign files together as text for apps.d/: a file for each app, then for each group and program.

import { type Definition, type TomlTable, writeDefinitions } from '../../config/toml/write.ts';
import type { Place, Problem } from '../../model/problem.ts';
import type { Draft, ProgramDraft, SiteDraft } from '../draft.ts';
import type { ReadContext } from '../format.ts';
import { type AppTable, appTable, usualBeside } from './app.ts';
import { type AppDraft, findApps } from './match.ts';
import { appProgramDefinitions, nameFor, programDefinitions } from './program.ts';
import { lostProblems, placeText, Remarks } from './remarks.ts';
import { elsewhereTable } from './site.ts';

export interface ImportedFile {
  /** The name of the app, program or group: apps.d/NAME.toml. */
  readonly name: string;
  readonly text: string;
  /** Supervisor's names for the processes: "hello", "hello:celery". */
  readonly processes: readonly string[];
}

export interface Imported {
  readonly files: readonly ImportedFile[];
  /** A warning for each thing that was not understood, and an error for what could not be imported at all. */
  readonly problems: readonly Problem[];
  /** Whether everything that was read is written: nothing was left out, and nothing guessed. */
  readonly whole: boolean;
}

/** For a caller without a disk: nothing is found there. */
const nowhere: ReadContext = { include: () => [], environment: {}, machineName: 'host' };

/** `around`: where files that commands name are looked up, such as gunicorn's configuration. */
export function importDrafts(drafts: readonly Draft[], around: ReadContext = nowhere): Imported {
  const programs = drafts.filter(draft => draft.kind === 'program');
  const { apps, elsewhere, problems: unmatched, remarks: found } = findApps(drafts, around);
  const remarks = new Remarks([...drafts.filter(draft => draft.kind === 'remark'), ...found]);
  const taken = new Set<string>();
  const problems: Problem[] = [...unmatched];
  const files: ImportedFile[] = [];
  const used = new Set<ProgramDraft>();
  let guessed = false;
  for (const app of apps) {
    const name = nameFor(app.name, taken);
    const made = appDefinitions({ ...app, name }, remarks);
    problems.push(...made.problems);
    if (name !== app.name)
      problems.push(renamed(app.name, (app.program ?? app.script ?? app.site)?.at, name));
    guessed ||= made.guessed;
    const from = [app.program, ...app.beside].filter(program => program !== null);
    for (const program of from) used.add(program);
    files.push(fileOf(name, made.definitions, from));
  }
  const rest = Map.groupBy(
    programs.filter(program => !used.has(program)),
    program => program.group?.name ?? program.name,
  );
  for (const [group, members] of rest) {
    const found = new Map(members.map(member => [member, remarks.of([member.name])]));
    const made = programDefinitions(group, members, found, taken);
    problems.push(...made.problems);
    if (made.definitions.length > 0) files.push(fileOf(made.name, made.definitions, members));
  }
  for (const site of elsewhere) {
    const name = nameFor(site.name, taken);
    const { table, lost } = elsewhereTable(name, site);
    guessed ||= site.address !== null;
    problems.push(...lostProblems(site.at, { table, lost }));
    if (name !== site.name) problems.push(renamed(site.name, site.at, name));
    files.push({
      name,
      text: writeDefinitions([siteDefinition(name, site, table, lost, remarks)]),
      processes: [],
    });
  }
  return {
    files: withLoose(files, remarks.rest()),
    problems: [...problems, ...remarks.problems()],
    whole: problems.length === 0 && !remarks.matters() && !guessed,
  };
}

/** An app that is served elsewhere, or by a program of this machine that listens on an address of its own. */
function siteDefinition(
  name: string,
  site: SiteDraft,
  table: TomlTable,
  lost: AppTable['lost'],
  remarks: Remarks,
): Definition {
  return {
    path: ['app', name],
    comments: [
      `From ${placeText(site.at)}.`,
      ...(site.address === null ? [] : [standingNote(site.addresses)]),
    ],
    table,
    remarks: [
      ...lost.map(([key, why]) => `${placeText(site.at)}: ${key}  (${why})`),
      ...remarks.of([site.name]),
    ],
  };
}

/** What the operator gives away with an app that holds its own address. */
function standingNote(addresses: readonly string[]): string {
  return `Guessed: what listens on ${addresses.join(', ')} is a program of its own, and is asked there. With root, wsgi and user in place of upstreams hostd starts it, holds its socket, and reloads it without a lost request.`;
}

function renamed(before: string, at: Place | undefined, now: string): Problem {
  const message = `"${before}" is called "${now}": hostd cannot use its name`;
  return { severity: 'warning', message, ...(at === undefined ? {} : { at }) };
}

function appDefinitions(app: AppDraft, remarks: Remarks) {
  const { name, script, program, site, beside } = app;
  const made = appTable(app);
  const at = site?.at ?? program?.at ?? script?.at;
  const places = [program?.at, script?.at, site?.at].filter(place => place !== undefined).map(placeText);
  const own: Definition = {
    path: ['app', name],
    comments: [`From ${[...new Set(places)].join(', ')}.`, ...made.notes, ...guesses(app)],
    table: made.table,
    remarks: [
      ...made.lost.map(([key, why]) => `${at === undefined ? '' : `${placeText(at)}: `}${key}  (${why})`),
      ...remarks.of([program?.name, site?.name], script?.at.file),
    ],
  };
  const others = beside.map(draft => {
    const short = draft.name.startsWith(`${name}-`) ? draft.name.slice(name.length + 1) : draft.name;
    const process = draft.processes.length === 1 ? (draft.processes[0]?.name ?? null) : null;
    const usual = usualBeside(made.app, process);
    return appProgramDefinitions(name, process ?? short, draft, usual, remarks.of([draft.name]));
  });
  return {
    guessed: made.guessed || script === null,
    definitions: [own, ...others.flatMap(({ definitions }) => definitions)],
    problems: [...lostProblems(at, made), ...others.flatMap(({ problems }) => problems)],
  };
}

function guesses({ script, program, command }: AppDraft): readonly string[] {
  if (script === null)
    return [
      command === null
        ? 'Guessed: nginx does not say which user, which virtualenv and which project this is.'
        : 'Guessed: the virtualenv and the project; its command is run as it is.',
    ];
  return program === null
    ? ['Supervised as hostd does it by default: no program that runs this was given.']
    : [];
}

function fileOf(
  name: string,
  definitions: readonly Definition[],
  from: readonly ProgramDraft[],
): ImportedFile {
  return { name, text: writeDefinitions(definitions), processes: from.flatMap(processNames) };
}

function processNames({ name, group, processes }: ProgramDraft): readonly string[] {
  const gathered = group?.name ?? name;
  return processes.map(process => (process.name === gathered ? gathered : `${gathered}:${process.name}`));
}

/** Remarks that belong to no program or site come last. */
function withLoose(files: readonly ImportedFile[], lines: readonly string[]): readonly ImportedFile[] {
  const last = files.at(-1);
  if (lines.length === 0) return files;
  const comments = ['Of no program or site:', ...lines];
  const text = writeDefinitions([{ path: [], comments, table: {}, remarks: [] }]);
  return last === undefined
    ? [{ name: 'not-imported', text, processes: [] }]
    : [...files.slice(0, -1), { ...last, text: `${last.text}\n${text}` }];
}
