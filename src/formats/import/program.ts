// From Supervisor's programs: those of no app become [program.NAME] and [group.NAME], and those beside an app's
// gunicorn [app.X.program.NAME].

import { isPlainName, tidyName } from '../../config/toml/names.ts';
import type { Definition, TomlValue } from '../../config/toml/write.ts';
import type { Problem } from '../../model/problem.ts';
import { numbered } from '../../words/numbered.ts';
import type { ProgramDraft } from '../draft.ts';
import type { Process } from '../supervisor/process.ts';
import { programTable, type Tabled, type Usual, usualProgram, wordsOf } from '../supervisor/table.ts';
import { lostProblems } from './remarks.ts';

/** A name that hostd allows, and that nothing else has. */
export function nameFor(wished: string, taken: Set<string>): string {
  const plain = isPlainName(wished) && wished !== 'all' ? wished : tidyName(wished);
  let name = plain;
  for (let number = 2; taken.has(name); number++) name = `${plain}-${number}`;
  taken.add(name);
  return name;
}

export interface ProgramFile {
  readonly name: string;
  readonly definitions: readonly Definition[];
  readonly problems: readonly Problem[];
}

/** `group`: of [group.x], or the only program's own name. */
export function programDefinitions(
  group: string,
  members: readonly ProgramDraft[],
  remarks: ReadonlyMap<ProgramDraft, readonly string[]>,
  taken: Set<string>,
): ProgramFile {
  const gathered = members[0]?.group ?? null;
  const groupName = nameFor(group, taken);
  const problems: Problem[] = [];
  const names: string[] = [];
  let priority = gathered?.priority ?? 999;
  const definitions = members.flatMap((member): readonly Definition[] => {
    const found = remarks.get(member) ?? [];
    problems.push(...refused(member));
    if (refused(member).length > 0) return [];
    const whole = programTable(member.processes, usualProgram, true);
    // A group and a program must not have the same name. The process keeps its own.
    const own = whole !== null && gathered === null ? groupName : null;
    if (whole !== null) {
      const name = own ?? nameFor(member.name === groupName ? `${member.name}-program` : member.name, taken);
      names.push(name);
      problems.push(...lostProblems(member.at, whole));
      if (name !== member.name) problems.push(renamed(member, name));
      return [definitionOf([kindOf(member), name], name, member, member.processes, whole, found)];
    }
    priority = gathered?.priority ?? member.processes[0]?.priority ?? 999;
    return member.processes.flatMap(process => {
      const single = programTable([process], usualProgram, true);
      const name = nameFor(process.name, taken);
      names.push(name);
      return single === null
        ? []
        : [definitionOf([kindOf(member), name], name, member, [process], single, [])];
    });
  });
  const isGroup = gathered !== null || names.some(name => name !== groupName);
  const table = { programs: names, ...(priority === 999 ? {} : { priority }) };
  return {
    name: groupName,
    problems,
    definitions:
      isGroup && names.length > 0
        ? [...definitions, { path: ['group', groupName], comments: [], table, remarks: [] }]
        : definitions,
  };
}

/** The table for the program. */
function kindOf({ processes }: ProgramDraft): 'program' | 'listener' {
  return processes[0]?.listener == null ? 'program' : 'listener';
}

function renamed({ name, at }: ProgramDraft, now: string): Problem {
  return { severity: 'warning', at, message: `"${name}" is called "${now}": hostd cannot use its name` };
}

/** Problems of a command that would not start under Supervisor. */
function refused({ processes, at, name }: ProgramDraft): readonly Problem[] {
  const [process] = processes;
  if (process === undefined) return [];
  return wordsOf(process) === null
    ? [
        {
          severity: 'error',
          at,
          message: `cannot import "${name}": its command cannot be split into words`,
          hint: 'close the quote',
        },
      ]
    : [];
}

export function appProgramDefinitions(
  app: string,
  wished: string,
  draft: ProgramDraft,
  usual: Usual,
  remarks: readonly string[],
): { readonly definitions: readonly Definition[]; readonly problems: readonly Problem[] } {
  const name = isPlainName(wished) ? wished : tidyName(wished);
  const tabled = programTable(draft.processes, usual, true);
  const parts =
    tabled !== null ? [{ called: name, processes: draft.processes, tabled }] : oneByOne(draft, usual);
  return {
    definitions: parts.map(({ called, processes, tabled }, index) =>
      definitionOf(
        ['app', app, 'program', called],
        called,
        draft,
        processes,
        tabled,
        index === 0 ? remarks : [],
      ),
    ),
    problems: parts.flatMap(({ tabled }) => lostProblems(draft.at, tabled)),
  };
}

function oneByOne(draft: ProgramDraft, usual: Usual) {
  return draft.processes.flatMap(process => {
    const tabled = programTable([process], usual, true);
    const called = isPlainName(process.name) ? process.name : tidyName(process.name);
    return tabled === null ? [] : [{ called, processes: [process], tabled }];
  });
}

function definitionOf(
  path: readonly string[],
  name: string,
  { at }: ProgramDraft,
  processes: readonly Process[],
  { table, lost }: Tabled,
  remarks: readonly string[],
): Definition {
  const { command = '', ...rest } = table;
  const extra: Record<string, TomlValue> = {};
  const [first] = processes;
  const isUsualName = processes.every(process =>
    processes.length === 1
      ? process.name === name
      : process.name === `${name}_${String(process.number).padStart(2, '0')}`,
  );
  if (!isUsualName) {
    const common = numbered(
      processes.map(process => process.name.replaceAll('%', '%%')),
      processes.map(process => process.number),
    );
    if (common !== null) extra['process_name'] = common;
  }
  if (processes.length > 1) extra['numprocs'] = processes.length;
  if (processes.length > 1 && first !== undefined && first.number !== 0)
    extra['numprocs_start'] = first.number;
  return {
    path,
    comments: [`From ${at.file}:${at.line}.`],
    table: { command, ...extra, ...rest },
    remarks: [...lost.map(([key, why]) => `${at.file}:${at.line}: ${key}  (${why})`), ...remarks],
  };
}
