// The page of Supervisor's web interface: the same addresses, links and names, in HTML of its own, without scripts. Everything that is not
// written here is escaped. Pure.

import { escapeHtml } from '../../words/html.ts';
import { supervisorVersion } from '../methods/own.ts';

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly statename: string;
  readonly description: string;
}

const style = `body { font: 15px sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }
table { border-collapse: collapse; width: 100% } th, td { padding: .4em; text-align: left; border-bottom: 1px solid #ddd }
ul { list-style: none; margin: 0; padding: 0 } li { display: inline; margin-right: .8em } .hidden { display: none }
.status_msg { background: #fff6d5; padding: .6em } .statuserror { color: #b00 } .statusrunning { color: #070 }
#buttons { margin: 1em 0 } #footer { color: #666; margin-top: 2em } .shade { background: #f7f7f7 }`;

/** What a browser may do with the page: nothing but show it, outside of any frame. */
export const pageHeaders: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['X-Frame-Options', 'DENY'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'same-origin'],
];

/** The names of elements and classes are those of the genuine page, for scripts that look for them. */
export function statusPage(rows: readonly Row[], message: string | null): string {
  const table =
    rows.length === 0
      ? 'No programs to manage'
      : `<table cellspacing="0">
<thead>
<tr><th class="state">State</th><th class="desc">Description</th><th class="name">Name</th><th class="action">Action</th></tr>
</thead>
<tbody>
${rows.map(rowOf).join('\n')}
</tbody>
</table>`;
  const buttons = [
    ['refresh', 'Refresh'],
    ['restartall', 'Restart All'],
    ['stopall', 'Stop All'],
  ].map(
    ([action, label = '']) =>
      `<li class="action-button"><a href="index.html?action=${action}">${label}</a></li>`,
  );
  return page(
    'Supervisor Status',
    `<div id="wrapper">
${message === null ? '<div class="hidden">#</div>' : `<div class="status_msg">${escapeHtml(message)}</div>`}
<form action="index.html" method="post">
<ul id="buttons" class="clr">
${buttons.join('\n')}
</ul>
${table}
</form>
</div>
<div id="footer" class="clr"><div class="left">Supervisor <span>${supervisorVersion}</span></div></div>`,
  );
}

/** A link with a name, or none, in a place of its own. */
interface Action {
  readonly name: string;
  readonly href: string;
  readonly isNew?: true;
}

function rowOf({ group, name, statename, description }: Row, index: number): string {
  const namespec = group === name ? name : `${group}:${name}`;
  const quoted = quote(namespec);
  const action = (what: string, label: string): Action => ({
    name: label,
    href: `index.html?processname=${quoted}&action=${what}`,
  });
  const [first, second]: readonly (Action | null)[] =
    statename === 'RUNNING'
      ? [action('restart', 'Restart'), action('stop', 'Stop')]
      : ['STOPPED', 'EXITED', 'FATAL'].includes(statename)
        ? [action('start', 'Start'), null]
        : [null, null];
  const actions: readonly (Action | null)[] = [
    first ?? null,
    second ?? null,
    action('clearlog', 'Clear Log'),
    { name: 'Tail -f Stdout', href: `logtail/${quoted}`, isNew: true },
    { name: 'Tail -f Stderr', href: `logtail/${quoted}/stderr`, isNew: true },
  ];
  const kind =
    statename === 'RUNNING'
      ? 'statusrunning'
      : ['FATAL', 'BACKOFF'].includes(statename)
        ? 'statuserror'
        : 'statusnominal';
  return `<tr class="${index % 2 === 0 ? '' : 'shade'}">
<td class="status"><span class="${kind}">${escapeHtml(statename.toLowerCase())}</span></td>
<td><span>${escapeHtml(description)}</span></td>
<td>${link(`tail.html?processname=${quoted}`, namespec, { isNew: true })}</td>
<td class="action"><ul>${actions.map(one => `<li>${one === null ? '' : link(one.href, one.name, one)}</li>`).join('')}</ul></td>
</tr>`;
}

/** Python's urllib.parse.quote. */
function quote(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `limit`: bytes of the log's end. `processname` null: none was named. */
export function tailPage(processname: string | null, limit: number, tail: string): string {
  const refresh = `tail.html?processname=${quote(processname ?? '')}&limit=${limit}`;
  const button = '<input type="button" value=" Refresh " name="refresh">';
  return page(
    `Supervisor tail of process ${processname ?? 'None'}`,
    `<pre>${escapeHtml(tail)}</pre>
<form action="index.html" method="POST">
<div>${processname === null ? '' : `<a href="${escapeHtml(refresh)}">${button}</a>`}</div>
</form>`,
  );
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

function link(href: string, text: string, { isNew, name }: Partial<Action> = {}): string {
  const more = `${name === undefined ? '' : ` name="${escapeHtml(name)}"`}${isNew ? ' target="_blank" rel="noopener"' : ''}`;
  return `<a href="${escapeHtml(href)}"${more}>${escapeHtml(text)}</a>`;
}
