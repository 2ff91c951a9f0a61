// What the doctor says of an app: the form that asks it, in short on the app's page, and its own page. Pure.

import type { ExaminedReport, FindingReport } from '../../protocol/doctor.ts';
import type { Examination, Outcome } from '../examinations.ts';
import { frame, live, type Viewer } from './frame.ts';
import { type Html, html } from './html.ts';
import { at, moment } from './words.ts';

/** The button. What it does changes nothing, so that it asks for no confirmation. */
export function askDoctor({ token }: Viewer, name: string, word: string): Html {
  return html`<form method="post" action="${at(name, 'doctor')}"><input type="hidden" name="token" value="${token}"><button>${word}</button></form>`;
}

/** A sentence with a link, for the app's page; null: the doctor was not asked. `now`: Unix time in milliseconds. */
export function inShort(name: string, examination: Examination | null, now: number): Html | null {
  if (examination === null) return null;
  const { outcome } = examination;
  const link = (text: string) => html`<a href="${at(name, 'doctor')}">${text}</a>`;
  if (outcome === null) return html`<p>${link('The doctor looks at it.')}</p>`;
  const said =
    outcome.kind === 'failed' ? 'The doctor has nothing to say' : `The doctor: ${totals(outcome.found)}`;
  return html`<p>${link(said)}, ${ago(now - outcome.ended)}.</p>`;
}

export function doctorPage(
  viewer: Viewer,
  name: string,
  examination: Examination | null,
  now: number,
): string {
  const isUnderWay = examination !== null && examination.outcome === null;
  const body = html`<h1>Doctor: ${name}</h1>
<p>The doctor walks the whole way of a visitor to ${name}, says what is wrong, the true cause first, and what mends it. It runs the app's code as the app's user, sends it a few requests, and changes nothing.</p>
${live(
  'examination',
  html`${examination === null ? html`<p>Nobody has asked it of late.</p>` : examined(examination, now)}
${viewer.mayOperate && !isUnderWay ? askDoctor(viewer, name, 'Ask the doctor') : null}`,
)}
<p id="pause"></p>
<p><a href="${at(name)}">Back to ${name}</a></p>`;
  return frame(viewer, { title: `Doctor: ${name}`, here: null, body, isLive: isUnderWay });
}

function examined({ begun, outcome }: Examination, now: number): Html {
  if (outcome === null)
    return html`<p>The doctor has looked for ${Math.round((now - begun) / 1000)} s. Load this page again in a few seconds.</p>`;
  if (outcome.kind === 'failed') return failure(outcome);
  return html`<p class="faint">At ${moment(outcome.ended)}, after ${Math.max(1, Math.round((outcome.ended - begun) / 1000))} s.</p>
${inTurn(outcome.found).map(report)}`;
}

/** The app before the machine, unless the machine is what is wrong. */
function inTurn(found: readonly ExaminedReport[]): readonly ExaminedReport[] {
  const rank = ({ name, errors }: ExaminedReport) => (name === null && errors === 0 ? 1 : 0);
  return found.toSorted((a, b) => rank(a) - rank(b));
}

function failure({ ended, why, hint }: Extract<Outcome, { kind: 'failed' }>): Html {
  return html`<p class="faint">At ${moment(ended)}</p><p>${why}</p>${hint === null ? null : remedy(hint)}`;
}

function report({ name, findings, not_looked_at: missed, ...rest }: ExaminedReport): Html {
  const title = name ?? 'The machine';
  return html`<h2>${title}: ${totals([{ ...rest }])}</h2>
${findings.length === 0 ? null : html`<ul class="plain">${findings.map(finding)}</ul>`}
${missed.length === 0 ? null : html`<p class="faint">Not looked at: ${missed.map(({ check, why }) => `${check} (${why})`).join(', ')}.</p>`}`;
}

const marks = { error: 'bad', warning: 'wait', note: 'off' } as const;

function finding({ check, severity, message, try: move, file, line, column }: FindingReport): Html {
  const place =
    file === null
      ? null
      : html` <span class="faint">${[file, line, column].filter(part => part !== null).join(':')}</span>`;
  return html`<li><span class="state ${marks[severity]}">${severity}</span> <b>${check}</b>: ${message}${place}${move === null ? null : remedy(move)}</li>
`;
}

function remedy(move: string): Html {
  return html`<div class="wrap">try: <code>${move}</code></div>`;
}

/** "2 errors, 1 warning"; "ok". */
function totals(all: readonly Pick<ExaminedReport, 'errors' | 'warnings'>[]): string {
  const words = (count: number, word: string) =>
    count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`];
  const sum = (key: 'errors' | 'warnings') => all.reduce((whole, one) => whole + one[key], 0);
  return [...words(sum('errors'), 'error'), ...words(sum('warnings'), 'warning')].join(', ') || 'ok';
}

function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute ago';
  return minutes < 120
    ? `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} ago`
    : `${Math.floor(minutes / 60)} hours ago`;
}
