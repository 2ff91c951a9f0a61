// The pages of hostd dev: all apps, an app that does not answer, a host that no app has. Pure: facts in, HTML out.

import { nearest } from '../../../config/toml/toml.ts';
import { escapeHtml } from '../../../words/html.ts';
import type { AppState } from '../../apps/state.ts';
import { tracebackTail } from '../../apps/tame.ts';
import { logBox, renderPage } from './html.ts';

/** What pages show of one app. */
export interface Shown {
  readonly name: string;
  readonly what: string;
  readonly directory: string | null;
  readonly url: string | null;
  /** "unreachable": it runs elsewhere, and does not answer. */
  readonly state: AppState | 'unreachable';
  readonly reason: string;
  /** null: the visitor is another user than the one who runs hostd dev. */
  readonly lines: readonly string[] | null;
}

/** A field that the pages' scripts send: hostd itself answers, with 204 when the app can be asked now. */
export const waitingField = 'x-hostd-waiting';

const words: Readonly<Record<Shown['state'], readonly [word: string, kind: string]>> = {
  running: ['running', 'good'],
  elsewhere: ['answers', 'good'],
  starting: ['starting', 'wait moving'],
  waiting: ['starts at the first request', 'off'],
  stopped: ['stopped', 'off'],
  failed: ['failed', 'bad'],
  unreachable: ['does not answer', 'bad'],
};

/** Lines of each app's log on the page of all apps. */
const fewLines = 6;
const manyLines = 40;

const refreshList = `
setInterval(async () => {
  if (document.hidden || document.activeElement?.tagName === 'PRE') return;
  const answer = await fetch('/').catch(() => null);
  if (!answer?.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
  const main = document.querySelector('main');
  const place = document.activeElement?.id;
  if (next && next.innerHTML !== main.innerHTML) {
    main.replaceWith(next);
    if (place) document.getElementById(place)?.focus();
  }
}, 2000);
`;

const reloadWhenUp = `
setInterval(async () => {
  const answer = await fetch('/', { method: 'HEAD', headers: { '${waitingField}': '1' } }).catch(() => null);
  if (answer?.status === 204) location.reload();
}, 1000);
`;

export function listPage(apps: readonly Shown[]): string {
  const up = apps.filter(app => ['running', 'elsewhere'].includes(app.state)).length;
  const main = `<h1>Apps</h1>
<p role="status">${up} of ${apps.length} ${apps.length === 1 ? 'app is' : 'apps are'} running.</p>
<ul class="apps">
${apps.map(listItem).join('\n')}
</ul>`;
  return renderPage({ title: 'Apps - hostd dev', main, script: refreshList });
}

function listItem(app: Shown): string {
  const [word, kind] = words[app.state];
  const name = escapeHtml(app.name);
  const title = app.url === null ? name : `<a id="app-${name}" href="${escapeHtml(app.url)}">${name}</a>`;
  const where = app.directory === null ? '' : ` in <code>${escapeHtml(app.directory)}</code>`;
  return `<li>
<div class="top"><h2>${title}</h2><span class="state ${kind}">${word}</span></div>
<p class="soft">${escapeHtml(app.what)}${where}</p>
${app.url === null ? '' : `<p class="soft">${escapeHtml(app.url)}</p>`}
${app.reason === '' ? '' : `<p class="bad">${escapeHtml(app.reason)}</p>`}
${logBox(`Last log lines of ${app.name}`, app.lines?.slice(-fewLines) ?? null)}
</li>`;
}

export function downPage(app: Shown): string {
  const lines = app.lines === null ? null : tracebackTail(app.lines, manyLines);
  const [word, kind] = words[app.state];
  const cause = lines?.[0]?.startsWith('Traceback') ? (lines.at(-1) ?? '') : '';
  const main = `<h1>${escapeHtml(app.name)} does not answer</h1>
<p><span class="state ${kind}">${word}</span></p>
${cause === '' ? '' : `<p class="cause">${escapeHtml(cause)}</p>`}
${app.reason === '' ? '' : `<p>${escapeHtml(app.reason)}</p>`}
<p>${nextMove(app)} This page looks every second, and loads again as soon as ${escapeHtml(app.name)} answers.</p>
${logBox(`The end of the log of ${app.name}`, lines)}`;
  const head = '<noscript><meta http-equiv="refresh" content="3"></noscript>\n';
  return renderPage({ title: `${app.name} does not answer - hostd dev`, main, script: reloadWhenUp, head });
}

function nextMove(app: Shown): string {
  switch (app.state) {
    case 'unreachable':
    case 'elsewhere':
      return `Nothing listens at <code>${escapeHtml(app.what)}</code> yet: start it there.`;
    case 'stopped':
      return 'It was stopped by a key in the terminal of hostd dev, and the same key starts it.';
    case 'failed':
      return 'Mend what the log says, then load this page again: that starts it.';
    default:
      return app.lines?.some(line => line.startsWith('Traceback'))
        ? 'Mend what the log says: it starts again when a file changes.'
        : 'It is starting.';
  }
}

/** `host` has no port. `urlOf` makes a link from a name. */
export function unknownPage(host: string, apps: readonly Shown[]): string {
  const label =
    host
      .replace(/\.localhost$/, '')
      .split('.')
      .at(-1) ?? host;
  const near = nearest(
    label,
    apps.map(app => app.name),
  );
  const meant = apps.find(app => app.name === near);
  const links = apps.filter(app => app.url !== null).map(app => `<li>${link(app)}</li>`);
  const main = `<h1>There is no app for ${escapeHtml(host)}</h1>
${meant === undefined ? '' : `<p>Did you mean ${link(meant)}?</p>`}
${links.length === 0 ? '<p>hostd dev runs no app at all.</p>' : `<p>These are here:</p>\n<ul>\n${links.join('\n')}\n</ul>`}
<p>To add one: <code>hostd dev ${escapeHtml(label)}=DIR</code> for a project, or <code>hostd dev --proxy ${escapeHtml(label)}=http://127.0.0.1:3000</code> for a server that runs already.</p>`;
  return renderPage({ title: `No app for ${host} - hostd dev`, main, script: null });
}

function link(app: Shown): string {
  return `<a href="${escapeHtml(app.url ?? '')}">${escapeHtml(app.name)}</a>`;
}
