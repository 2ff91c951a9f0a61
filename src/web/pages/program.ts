// A program's own page; of an app with its other programs and its site. Pure.

import { isElsewhere } from '../../model/elsewhere.ts';
import type { AboutReply, ProgramAbout, ProgramStatus, SiteAbout } from '../../protocol/control.ts';
import type { JournalEvent } from '../../protocol/journal.ts';
import { type UpstreamFault, upstreamFaults } from '../../protocol/worker.ts';
import type { Examination } from '../examinations.ts';
import { intervalMs, type Point } from '../history.ts';
import { askDoctor, inShort } from './doctor.ts';
import { eventTable } from './events.ts';
import { frame, live, type Viewer } from './frame.ts';
import { type Html, html } from './html.ts';
import { type Channel, logLinks, withoutColours } from './log.ts';
import { type Spark, spark } from './spark.ts';
import { actionLinks, allActions, isTrouble, stateMark, usualActions } from './states.ts';
import { at, bytes, milliseconds, moment, number, untilDay } from './words.ts';

/** Lines and bytes of the log, and events, on this page. */
export const shownLines = 30;
export const shownBytes = 8 * 1024;
export const shownEvents = 20;

export interface ProgramView {
  readonly program: ProgramStatus;
  /** Those of the same app, this one among them. */
  readonly programs: readonly ProgramStatus[];
  readonly about: AboutReply;
  readonly points: readonly Point[];
  /** The oldest first. */
  readonly events: readonly JournalEvent[];
  readonly logs: readonly Channel[];
  readonly log: string;
  /** What the doctor has said last; null: nothing. */
  readonly examination: Examination | null;
  /** Unix time in milliseconds. */
  readonly now: number;
}

export function programPage(viewer: Viewer, view: ProgramView): string {
  const { program, programs, about, points, events, logs, log, now } = view;
  const { name } = program;
  const own = about.programs.find(one => one.name === name);
  const body = html`<h1>${name}</h1>
${live('state', html`<p>${stateMark(program)} ${program.description}</p>${notes(program)}`)}
${live('doctor', doctor(viewer, view))}
${viewer.mayOperate ? html`<div class="row">${live('actions', actionLinks(program, allActions(program)))}<span id="pause"></span></div>` : html`<p id="pause"></p>`}
${live('numbers', numbers(points, about.site !== null))}
${programs.length > 1 ? html`<h2>Programs of this app</h2>${live('programs', family(viewer, programs))}` : null}
${isElsewhere(program) ? html`<h2>Upstreams</h2>${live('upstreams', upstreams(program))}` : html`<h2>Processes</h2>${live('processes', processes(own))}`}
<h2>Events</h2>
${live('events', eventTable(events, programs.length > 1))}
<h2>Log</h2>
<div class="row">${logLinks(name, logs, null)}</div>
${live(
  'log',
  log === ''
    ? html`<p>The log is empty.</p>`
    : html`<pre tabindex="0" role="region" aria-label="The last lines of the log">
${withoutColours(log)}</pre>`,
)}
${own === undefined ? null : html`<h2>Where it comes from</h2>${origin(own)}`}
${about.site === null ? null : html`<h2>Site</h2>${live('site', site(about.site, program, now))}`}`;
  return frame(viewer, { title: name, here: null, body, isLive: true });
}

/** Whether the doctor can be asked: for an app, or a program of no app. */
export function hasDoctor({ name, app, group }: ProgramStatus): boolean {
  return (app === null || app === name) && group !== 'hostd-proxy';
}

function doctor(viewer: Viewer, { program, examination, now }: ProgramView): Html | null {
  if (!hasDoctor(program)) return null;
  const { name } = program;
  const said = inShort(name, examination, now);
  if (!viewer.mayOperate)
    return html`${said}${isTrouble(program) ? html`<p>What is wrong, and what mends it, says <code>hostctl doctor ${name}</code> on this machine.</p>` : null}`;
  return html`${said}${askDoctor(viewer, name, 'Ask the doctor')}`;
}

function notes(program: ProgramStatus): Html {
  const { site, reload_seconds: reloading, schedule } = program;
  const said = [
    ...(site?.maintenance === true ? ['Visitors see the maintenance page.'] : []),
    ...(reloading === null ? [] : [`A reload has been under way for ${Math.round(reloading)} s.`]),
    // Every request is under way for a moment.
    ...(site === null || (site.oldest_request_seconds ?? 0) < 3
      ? []
      : [
          `${site.waiting_requests} ${site.waiting_requests === 1 ? 'request waits' : 'requests wait'} for its answer, the oldest for ${Math.round(site.oldest_request_seconds ?? 0)} s.`,
        ]),
    ...(schedule?.next == null ? [] : [`It is run next at ${moment(schedule.next * 1000)}.`]),
  ];
  return html`${said.length === 0 ? null : html`<p>${said.join(' ')}</p>`}`;
}

function numbers(points: readonly Point[], isSite: boolean): Html | null {
  const of = (key: keyof Point) => points.map(point => point[key]);
  const share = (value: number) => `${number(value * 100)} %`;
  const shown: readonly (readonly [title: string, spark: Omit<Spark, 'intervalMs'>])[] = [
    ...(isSite
      ? ([
          ['Requests a second', { what: 'requests a second', values: of('requests'), write: number }],
          ['Time of an answer', { what: 'time of an answer', values: of('ms'), write: milliseconds }],
          ['5xx a second', { what: 'answers of 5xx a second', values: of('failures'), write: number }],
        ] as const)
      : []),
    ['Memory', { what: 'memory', values: of('memory'), write: bytes }],
    ['CPU', { what: 'CPU', values: of('cpu'), write: share }],
  ];
  const cards = shown.flatMap(([title, one]) => {
    const last = one.values.at(-1) ?? null;
    return last === null && one.values.every(value => value === null)
      ? []
      : [
          html`<li><span class="faint">${title}</span><b>${last === null ? '-' : one.write(last)}</b>${spark({ ...one, intervalMs })}</li>`,
        ];
  });
  return cards.length === 0 ? null : html`<ul class="cards">${cards}</ul>`;
}

function family(viewer: Viewer, programs: readonly ProgramStatus[]): Html {
  const heads = ['Name', 'State', 'Description', ...(viewer.mayOperate ? ['Action'] : [])];
  return html`<table class="fold" role="table"><caption class="sr">Programs of this app</caption>
<thead role="rowgroup"><tr role="row">${heads.map(head => html`<th scope="col" role="columnheader">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${programs.map(
    program => html`<tr role="row"><th scope="row" role="rowheader"><a href="${at(program.name)}">${program.name}</a></th><td role="cell">${stateMark(program)}</td><td role="cell">${program.description}</td>${
      viewer.mayOperate ? html`<td role="cell">${actionLinks(program, usualActions(program))}</td>` : null
    }</tr>
`,
  )}</tbody></table>`;
}

function processes(own: ProgramAbout | undefined): Html {
  if (own === undefined || own.processes.length === 0) return html`<p>None.</p>`;
  const { processes: found, more_processes: more } = own;
  return html`<table><caption class="sr">Processes</caption><thead><tr><th scope="col">PID</th><th scope="col">Command</th></tr></thead>
<tbody>${found.map(
    ({ pid, command }) => html`<tr><td class="n">${String(pid)}</td><td>${command}</td></tr>
`,
  )}</tbody></table>${more > 0 ? html`<p>and ${String(more)} more</p>` : null}`;
}

function words(fault: string): string {
  return Object.hasOwn(upstreamFaults, fault) ? upstreamFaults[fault as UpstreamFault] : fault;
}

function upstreams({ upstreams: all = [] }: ProgramStatus): Html {
  return html`<table><caption class="sr">Upstreams</caption><thead><tr><th scope="col">Address</th><th scope="col">State</th></tr></thead>
<tbody>${all.map(
    ({ address, fault }) =>
      html`<tr><td>${address}</td><td>${fault === null ? html`<span class="state good">gets requests</span>` : html`<span class="state bad">left out</span> ${words(fault)}`}</td></tr>
`,
  )}</tbody></table>`;
}

function origin({ file, user, group, directory, command, socket, logs }: ProgramAbout): Html {
  const rows: readonly (readonly [string, string])[] = [
    ['Configuration', file],
    ['User', `${user ?? "hostd's own"}${group === null ? '' : `, group ${group}`}`],
    ['Directory', directory ?? '/'],
    ['Command', command.join(' ')],
    ...(socket === null
      ? []
      : [
          [
            'Socket',
            `${socket.path}${socket.held ? ' (hostd holds it: clients can connect)' : ' (not held)'}`,
          ] as const,
        ]),
    ...logs.map(path => ['Log', path] as const),
  ];
  return list(rows);
}

function site(about: SiteAbout, { site: status }: ProgramStatus, now: number): Html {
  const ends = status?.certificate_ends ?? null;
  const rows: readonly (readonly [string, string])[] = [
    ['Names', about.server_names.join(', ') || 'none'],
    ...about.locations.map(({ prefix, alias }) => [prefix, alias] as const),
    ['Maintenance', status?.maintenance === true ? 'on' : 'off'],
    ['Certificate', about.certificate ?? 'none: plain http'],
    ...(ends === null ? [] : [['Valid until', `${moment(ends * 1000)} (${untilDay(ends, now)})`] as const]),
    ...(status?.certificate_fault == null
      ? []
      : [['Certificate is wrong', status.certificate_fault] as const]),
  ];
  return list(rows);
}

function list(rows: readonly (readonly [string, string])[]): Html {
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
