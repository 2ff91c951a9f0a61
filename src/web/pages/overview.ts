// The page with all programs at a glance. Pure.

import type { ProgramStatus } from '../../protocol/control.ts';
import { intervalMs, type Point } from '../history.ts';
import { frame, live, type Viewer } from './frame.ts';
import { type Html, html } from './html.ts';
import { spark } from './spark.ts';
import { actionLinks, isTrouble, stateMark, usualActions } from './states.ts';
import { at, bytes, milliseconds, number } from './words.ts';

/** Programs on one page, and troubles at its head. */
const mostRows = 50;
const mostTroubles = 10;

export interface Overview {
  readonly programs: readonly ProgramStatus[];
  readonly history: (name: string) => readonly Point[];
  /** What is looked for in the names; "": nothing. */
  readonly search: string;
  /** From 1 on. */
  readonly page: number;
}

export function overviewPage(viewer: Viewer, { programs, history, search, page }: Overview): string {
  const found = programs.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
  const pages = Math.max(1, Math.ceil(found.length / mostRows));
  const here = Math.min(pages, Math.max(1, page));
  const rows = found.slice((here - 1) * mostRows, here * mostRows);
  const body = html`<h1>Apps</h1>
${live('summary', summary(programs))}
<div class="row">${programs.length > 10 ? searchForm(search) : null}<span id="pause"></span></div>
${live('programs', rows.length === 0 ? nothingFound(programs, search) : table(viewer, rows, history))}
${pages > 1 ? pager(search, here, pages) : null}`;
  return frame(viewer, { title: 'Apps', here: 'apps', body, isLive: true });
}

function summary(programs: readonly ProgramStatus[]): Html {
  const counts = new Map<string, number>();
  for (const { state } of programs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const troubles = programs.filter(isTrouble);
  return html`<p>${String(programs.length)} ${programs.length === 1 ? 'program' : 'programs'}: ${[...counts]
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')}</p>${
    troubles.length === 0
      ? null
      : html`<ul class="troubles">${troubles
          .slice(0, mostTroubles)
          .map(
            one => html`<li><a href="${at(one.name)}">${one.name}</a> ${stateMark(one)} ${why(one)}</li>`,
          )}${troubles.length > mostTroubles ? html`<li>and ${String(troubles.length - mostTroubles)} more</li>` : null}</ul>`
  }`;
}

function why({ site, spawnerr, description }: ProgramStatus): string {
  return site?.certificate_fault ?? (spawnerr === '' ? description : spawnerr);
}

function table(
  viewer: Viewer,
  rows: readonly ProgramStatus[],
  history: (name: string) => readonly Point[],
): Html {
  const heads = [
    'Name',
    'State',
    'Description',
    'Requests/s',
    'Time',
    'Memory',
    ...(viewer.mayOperate ? ['Action'] : []),
  ];
  return html`<table class="fold" role="table"><caption class="sr">Programs</caption>
<thead role="rowgroup"><tr role="row">${heads.map(head => html`<th scope="col" role="columnheader">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(program => row(viewer, program, history(program.name)))}</tbody></table>`;
}

function row({ mayOperate }: Viewer, program: ProgramStatus, points: readonly Point[]): Html {
  const { name, app, description, site } = program;
  const last = points.at(-1);
  const line = spark({
    what: 'requests a second',
    values: points.map(({ requests }) => requests),
    write: number,
    intervalMs,
  });
  const isPart = app !== null && app !== name;
  return html`<tr role="row"><th scope="row" role="rowheader"${isPart ? html` class="of"` : null}><a href="${at(name)}">${name}</a></th>
<td role="cell">${stateMark(program)}${site?.maintenance === true ? html` <span class="state wait">maintenance</span>` : null}</td>
<td role="cell">${description}</td>
<td role="cell" class="n" data-label="Requests/s">${last?.requests == null ? null : html`${number(last.requests)} ${line}`}</td>
<td role="cell" class="n" data-label="Time">${milliseconds(last?.ms ?? null)}</td>
<td role="cell" class="n" data-label="Memory">${bytes(last?.memory ?? null)}</td>
${mayOperate ? html`<td role="cell">${actionLinks(program, usualActions(program))}</td>` : null}</tr>
`;
}

function searchForm(search: string): Html {
  return html`<form class="row" action="/" role="search"><label for="q">Name</label><input id="q" name="q" value="${search}"><button>Search</button></form>`;
}

function nothingFound(programs: readonly ProgramStatus[], search: string): Html {
  return programs.length === 0
    ? html`<p>No programs to manage. A file in apps.d makes one: hostctl create NAME.</p>`
    : html`<p>No name has "${search}" in it. <a href="/">All programs</a></p>`;
}

function pager(search: string, here: number, pages: number): Html {
  const to = (page: number) =>
    `/?${new URLSearchParams({ ...(search === '' ? {} : { q: search }), page: String(page) })}`;
  return html`<nav class="row" aria-label="Pages of programs">${here > 1 ? html`<a href="${to(here - 1)}">Back</a>` : null} <span>Page ${String(here)} of ${String(pages)}</span> ${here < pages ? html`<a href="${to(here + 1)}">Next</a>` : null}</nav>`;
}
