// Which program runs which start script, and which site is in front of it: together they are one app.

import { resolve } from 'node:path';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { Problem } from '../../model/problem.ts';
import type { Draft, ProgramDraft, Remark, ScriptDraft, SiteDraft } from '../draft.ts';
import type { ReadContext } from '../format.ts';
import { readCommand } from '../gunicorn/read.ts';
import { peel } from '../gunicorn/wrappers.ts';
import { wordsOf } from '../supervisor/table.ts';

export interface AppDraft {
  readonly name: string;
  readonly root: string;
  readonly script: ScriptDraft | null;
  readonly program: ProgramDraft | null;
  readonly site: SiteDraft | null;
  /** The command, where it is no gunicorn that could be read. */
  readonly command: readonly string[] | null;
  /** Other programs of the same group of Supervisor. */
  readonly beside: readonly ProgramDraft[];
}

export interface Matched {
  readonly apps: readonly AppDraft[];
  /** Sites whose apps are on other machines, or listen on addresses of this one and cannot be read. */
  readonly elsewhere: readonly SiteDraft[];
  readonly problems: readonly Problem[];
  /** What was not understood in the programs' commands. */
  readonly remarks: readonly Remark[];
}

type Part = Omit<AppDraft, 'name' | 'root' | 'beside'>;

/** Scripts (and commands that are gunicorn itself) with their programs and sites, then the remaining sites. */
export function findApps(drafts: readonly Draft[], around: ReadContext): Matched {
  const programs = drafts.filter(draft => draft.kind === 'program');
  const all = drafts.filter(draft => draft.kind === 'site');
  const sites = all.filter(site => !isElsewhere(site));
  const away = all.filter(isElsewhere);
  const remarks: Remark[] = [];
  const scripted = drafts
    .filter(draft => draft.kind === 'script')
    .map(script => withProgram(script, programs));
  const own = new Set(scripted.flatMap(({ program }) => (program === null ? [] : [program])));
  for (const program of programs.filter(program => !own.has(program))) {
    const read = draftsIn(program, around);
    const script = read.find(draft => draft.kind === 'script');
    if (script === undefined || !isForHostd(script, sites)) continue;
    remarks.push(...read.filter(draft => draft.kind === 'remark'));
    scripted.push({ script, program });
    own.add(program);
  }
  const parts: Part[] = scripted.map(({ script, program }) => {
    const site = sites.find(site => isBefore(site, script)) ?? null;
    return { script, program, site, command: script.command };
  });
  const left = sites.filter(site => !parts.some(part => part.site === site));
  for (const site of left) {
    const program = programs.find(program => !own.has(program) && speaksOf(program, site, around)) ?? null;
    if (program !== null) own.add(program);
    const command = program === null ? null : commandOf(program);
    parts.push({ script: null, program, site, command });
  }
  const apps: AppDraft[] = [];
  const standing: SiteDraft[] = [];
  const problems: Problem[] = [];
  for (const part of parts) {
    const root = part.script?.root ?? (part.script?.finder ? null : rootOf(part));
    if (part.site?.closed) problems.push(closed(part.site));
    else if (root === null && part.script === null && part.site !== null && part.site.address !== null)
      standing.push({ ...part.site, upstreams: part.site.addresses });
    else if (root === null) problems.push(rootless(part));
    else apps.push({ ...part, root, ...groupOf(part, programs, own) });
  }
  problems.push(...away.filter(site => site.closed).map(closed));
  return { apps, elsewhere: [...standing, ...away.filter(site => !site.closed)], problems, remarks };
}

interface Scripted {
  readonly script: ScriptDraft;
  readonly program: ProgramDraft | null;
}

function withProgram(script: ScriptDraft, programs: readonly ProgramDraft[]): Scripted {
  const program = programs.find(program => runs(program, script)) ?? null;
  if (program === null) return { script, program };
  const { user, group, environment } = peel(commandOf(program) ?? []);
  const found = {
    ...script,
    user: script.user ?? user,
    group: script.group ?? group,
    environment: { ...environment, ...script.environment },
  };
  return { script: found, program };
}

/** The drafts of a command of Supervisor's, read as a script of one line. */
function draftsIn(program: ProgramDraft, around: ReadContext): readonly Draft[] {
  const words = commandOf(program);
  const [process] = program.processes;
  if (words === null || process === undefined) return [];
  const { directory, environment } = process;
  return readCommand(words, program, { ...around, start: { directory, environment } }) ?? [];
}

/** Whether the app has a unix socket, or a site in front of it: hostd gives every app a unix socket. */
function isForHostd(script: ScriptDraft, sites: readonly SiteDraft[]): boolean {
  return script.socket !== null || sites.some(site => isBefore(site, script));
}

/** Whether the site hands its requests to this gunicorn. */
function isBefore(site: SiteDraft, script: ScriptDraft): boolean {
  return site.socket !== null ? site.socket === script.socket : site.address === script.address;
}

/** The words of its only process. */
function commandOf({ processes }: ProgramDraft): readonly string[] | null {
  const [process, second] = processes;
  return process === undefined || second !== undefined ? null : wordsOf(process);
}

function runs(program: ProgramDraft, script: ScriptDraft): boolean {
  const words = commandOf(program);
  if (words === null) return false;
  const usual = script.root === null ? null : `${script.root}/bin/gunicorn_start`;
  const directory = program.processes[0]?.directory ?? '/';
  return words
    .flatMap(word => word.split(/[\s;&|]+/))
    .some(word => word !== '' && [script.at.file, usual].includes(resolve(directory, word)));
}

/** Whether a program that could not be read names the site's socket. A second gunicorn would take the socket from it. */
function speaksOf(program: ProgramDraft, { socket }: SiteDraft, around: ReadContext): boolean {
  const words = commandOf(program);
  if (words === null || socket === null) return false;
  const { environment = {}, directory } = program.processes[0] ?? {};
  const named = [...words, ...Object.values(environment)].join('\n');
  if (named.includes(socket)) return true;
  return words.some(word => {
    try {
      const file = resolve(directory ?? '/', word);
      return (
        word.includes('/') &&
        !/[*?[\]\s]/.test(file) &&
        (around.include(file)[0]?.text ?? '').includes(socket)
      );
    } catch {
      return false; // This user may not read it.
    }
  });
}

/** An app that is the only one of its group has the group's name, and the group's other programs. */
function groupOf(part: Part, programs: readonly ProgramDraft[], own: ReadonlySet<ProgramDraft>) {
  const group = part.program?.group?.name;
  const others = programs.filter(
    other => other !== part.program && group !== undefined && other.group?.name === group,
  );
  const isAlone = group !== undefined && !others.some(other => own.has(other));
  if (!isAlone) return { name: nameOf(part), beside: [] };
  // "all" already means all programs.
  return { name: group === 'all' ? nameOf(part) : group, beside: others };
}

function nameOf({ program, site, script }: Part): string {
  return program?.name ?? site?.name ?? script?.processName?.replace(/_app$/, '') ?? 'app';
}

/** hostd shows everybody what it serves. So a site that nginx kept from the public is not moved at all. */
function closed(site: SiteDraft): Problem {
  return {
    severity: 'error',
    at: site.closed?.at ?? site.at,
    message: `cannot import the site "${site.name}": ${site.closed?.why}, and hostd's proxy shows a site to everybody`,
    hint: 'keep nginx in front of it ([proxy] enabled = false) and leave this virtual host out, or let the app itself ask who it is',
  };
}

function rootless({ script, site }: Part): Problem {
  const at = (script ?? site)?.at;
  return {
    severity: 'error',
    message: `cannot import this as an app: ${
      script?.finder ? `${script.finder} alone knows` : 'it does not say'
    } where the virtualenv is`,
    hint: '[app.NAME] with root = "..."',
    ...(at === undefined ? {} : { at }),
  };
}

/** The root by the usual layout: ROOT/run/gunicorn.sock; else the directory of a command in gunicorn's place. */
function rootOf({ site, command, program }: Part): string | null {
  const layout = /^(\/.+)\/run\/[^/]+$/.exec(site?.socket ?? '')?.[1];
  const directory = command === null ? null : (program?.processes[0]?.directory ?? null);
  return layout ?? (directory === '/' ? null : directory);
}
