// What has happened, the newest first. Pure.

import { type JournalEvent, whatOf } from '../../protocol/journal.ts';
import { frame, live, type Viewer } from './frame.ts';
import { type Html, html } from './html.ts';
import { at, moment } from './words.ts';

/** Events on the page of all. */
export const mostEvents = 100;

export function eventsPage(viewer: Viewer, events: readonly JournalEvent[]): string {
  const body = html`<h1>Events</h1>
<div class="row"><span id="pause"></span></div>
${live('events', eventTable(events, true))}`;
  return frame(viewer, { title: 'Events', here: 'events', body, isLive: true });
}

/** `events`: the oldest first. `isNamed`: of more than one program. */
export function eventTable(events: readonly JournalEvent[], isNamed: boolean): Html {
  if (events.length === 0) return html`<p>Nothing has happened yet.</p>`;
  const heads = ['Time', ...(isNamed ? ['Name'] : []), 'Event', 'Cause'];
  return html`<table class="fold" role="table"><caption class="sr">Events, the newest first</caption>
<thead role="rowgroup"><tr role="row">${heads.map(head => html`<th scope="col" role="columnheader">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${events.toReversed().map(event => row(event, isNamed))}</tbody></table>`;
}

const kinds: Readonly<Record<string, string>> = { error: 'bad', warning: 'wait' };

function row(event: JournalEvent, isNamed: boolean): Html {
  const { name, time, severity, cause, repeated = 0 } = event;
  const named = name === 'hostd' ? html`hostd` : html`<a href="${at(name)}">${name}</a>`;
  const times = repeated > 0 ? ` (and ${repeated} like it)` : '';
  return html`<tr role="row"><td role="cell" class="when"><time datetime="${time}">${moment(time)}</time></td>
${isNamed ? html`<td role="cell">${named}</td>` : null}<td role="cell"><span class="state ${kinds[severity] ?? 'off'}">${whatOf(event)}</span></td><td role="cell">${cause}${times}</td></tr>
`;
}
