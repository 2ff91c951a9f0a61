// Which program runs which start script, and which site stands before it: what describes one app.

import type { Problem } from '../../model/problem.ts';
import type { Draft, ProgramDraft, ScriptDraft, SiteDraft } from '../draft.ts';
import { gunicornCall } from '../gunicorn/arguments.ts';
import { draftOf } from '../gunicorn/read.ts';
import { unwrap, wordsOf } from '../supervisor/table.ts';

export interface AppDraft {
  readonly name: string;
  readonly root: string;
  readonly script: ScriptDraft | null;
  readonly program: ProgramDraft | null;
  readonly site: SiteDraft | null;
  /** Programs of the same group of Supervisor. */
  readonly beside: readonly ProgramDraft[];
}

export interface Matched {
  readonly apps: readonly AppDraft[];
  readonly problems: readonly Problem[];
}

/** Scripts (and commands that are gunicorn itself) with their programs and sites, then the sites that are left. */
export function findApps(drafts: readonly Draft[]): Matched {
  const programs = drafts.filter(draft => draft.kind === 'program');
  const sites = drafts.filter(draft => draft.kind === 'site');
  const scripted = [
    ...drafts
      .filter(draft => draft.kind === 'script')
      .map(script => ({ script, program: programs.find(program => runs(program, script)) ?? null })),
    ...programs.flatMap(program => {
      const script = scriptIn(program);
      return script === null ? [] : [{ script, program }];
    }),
  ];
  const siteOf = new Map(
    scripted.flatMap(({ script }) => {
      const site = sites.find(site => isBefore(site, script));
      return site === undefined ? [] : [[script, site] as const];
    }),
  );
  const left = sites.filter(site => ![...siteOf.values()].includes(site));
  const parts = [
    ...scripted.map(({ script, program }) => ({ script, program, site: siteOf.get(script) ?? null })),
    ...left.map(site => ({ script: null, program: null, site })),
  ];
  const own = new Set(parts.flatMap(({ program }) => (program === null ? [] : [program])));
  const apps: AppDraft[] = [];
  const problems: Problem[] = [];
  for (const part of parts) {
    const root = part.script?.root ?? rootOf(part.site);
    if (part.site?.closed) problems.push(closed(part.site));
    else if (root === null) problems.push(rootless(part.script ?? part.site));
    else apps.push({ ...part, root, ...groupOf(part, programs, own) });
  }
  return { apps, problems };
}

/** Whether the site hands its requests to this gunicorn. */
function isBefore(site: SiteDraft, script: ScriptDraft): boolean {
  return site.socket !== null ? site.socket === script.socket : site.address === script.address;
}

type Part = Pick<AppDraft, 'script' | 'program' | 'site'>;

/** An app that is alone in its group takes the group's name, and the others of it to itself. */
function groupOf(part: Part, programs: readonly ProgramDraft[], own: ReadonlySet<ProgramDraft>) {
  const group = part.program?.group?.name;
  const others = programs.filter(
    other => other !== part.program && group !== undefined && other.group?.name === group,
  );
  const isAlone = group !== undefined && !others.some(other => own.has(other));
  return isAlone ? { name: group, beside: others } : { name: nameOf(part), beside: [] };
}

function nameOf({ program, site, script }: Part): string {
  return program?.name ?? site?.name ?? script?.processName?.replace(/_app$/, '') ?? 'app';
}

/** hostd shows everybody what it serves: what nginx kept from the public is not moved at all. */
function closed(site: SiteDraft): Problem {
  return {
    severity: 'error',
    at: site.closed?.at ?? site.at,
    message: `cannot import the site "${site.name}": ${site.closed?.why}, and hostd's proxy shows a site to everybody`,
    hint: 'keep nginx in front of it ([proxy] enabled = false) and leave this virtual host out, or let the app itself ask who it is',
  };
}

function rootless(draft: ScriptDraft | SiteDraft | null): Problem {
  return {
    severity: 'error',
    message: 'cannot import this as an app: it does not say where the virtualenv is',
    hint: '[app.NAME] with root = "..."',
    ...(draft === null ? {} : { at: draft.at }),
  };
}

/** Only where gunicorn has a unix socket: hostd gives every app one. */
function scriptIn(program: ProgramDraft): ScriptDraft | null {
  const [process, second] = program.processes;
  if (process === undefined || second !== undefined) return null;
  const { words, variables } = unwrap(wordsOf(process) ?? []);
  const call = gunicornCall(words);
  if (call === null || !call.program.startsWith('/') || !call.options.bind?.startsWith('unix:')) return null;
  const environment = new Map(Object.entries({ ...process.environment, ...variables }));
  return draftOf(call, program.at, process.directory ?? '/', null, environment);
}

function runs(program: ProgramDraft, script: ScriptDraft): boolean {
  const [process, second] = program.processes;
  if (process === undefined || second !== undefined) return false;
  const { words } = unwrap(wordsOf(process) ?? []);
  const called = /(^|\/)(ba|da)?sh$/.test(words[0] ?? '') ? words[1] : words[0];
  return (
    called === script.at.file || (script.root !== null && called === `${script.root}/bin/gunicorn_start`)
  );
}

/** By the usual layout: ROOT/run/gunicorn.sock. */
function rootOf(site: SiteDraft | null): string | null {
  return /^(\/.+)\/run\/[^/]+$/.exec(site?.socket ?? '')?.[1] ?? null;
}
