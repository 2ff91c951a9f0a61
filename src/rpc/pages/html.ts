// The page of Supervisor's web interface: the same addresses and links, in HTML of its own, without scripts. Everything that is not
// written here is escaped. Pure.

import { escapeHtml } from '../../words/html.ts';

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly statename: string;
  readonly description: string;
}

const style = `body { font: 15px sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
table { border-collapse: collapse; width: 100% } th, td { padding: .4em; text-align: left; border-bottom: 1px solid #ddd }
a { margin-right: .8em } .message { background: #fff6d5; padding: .6em } .bad { color: #b00 } .good { color: #070 }`;

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

export function statusPage(rows: readonly Row[], message: string | null): string {
  const table =
    rows.length === 0
      ? '<p>No programs to manage</p>'
      : `<table>
<tr><th>State</th><th>Description</th><th>Name</th><th>Action</th></tr>
${rows.map(rowOf).join('\n')}
</table>`;
  return page(
    'Supervisor Status',
    `${message === null ? '' : `<p class="message">${escapeHtml(message)}</p>\n`}<p>${link('index.html?action=refresh', 'Refresh')}${link(
      'index.html?action=restartall',
      'Restart All',
    )}${link('index.html?action=stopall', 'Stop All')}</p>
${table}`,
  );
}

function rowOf({ group, name, statename, description }: Row): string {
  const namespec = group === name ? name : `${group}:${name}`;
  const quoted = encodeURIComponent(namespec);
  const action = (what: string, label: string) =>
    link(`index.html?processname=${quoted}&action=${what}`, label);
  const actions = [
    ...(statename === 'RUNNING' ? [action('restart', 'Restart'), action('stop', 'Stop')] : []),
    ...(['STOPPED', 'EXITED', 'FATAL'].includes(statename) ? [action('start', 'Start')] : []),
    action('clearlog', 'Clear Log'),
    link(`logtail/${quoted}`, 'Tail -f Stdout', true),
    link(`logtail/${quoted}/stderr`, 'Tail -f Stderr', true),
  ];
  const kind = statename === 'RUNNING' ? 'good' : ['FATAL', 'BACKOFF'].includes(statename) ? 'bad' : '';
  return `<tr><td class="${kind}">${escapeHtml(statename.toLowerCase())}</td><td>${escapeHtml(description)}</td><td>${link(
    `tail.html?processname=${quoted}`,
    namespec,
    true,
  )}</td><td>${actions.join('')}</td></tr>`;
}

/** `limit`: bytes of the log's end. `processname` null: none was named. */
export function tailPage(processname: string | null, limit: number, tail: string): string {
  const refresh = `tail.html?processname=${encodeURIComponent(processname ?? '')}&limit=${limit}`;
  return page(
    `Supervisor tail of process ${processname ?? 'None'}`,
    `<pre>${escapeHtml(tail)}</pre>\n${processname === null ? '' : `<p>${link(refresh, 'Refresh')}</p>`}`,
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

function link(href: string, text: string, isNew = false): string {
  const target = isNew ? ' target="_blank" rel="noopener"' : '';
  return `<a href="${escapeHtml(href)}"${target}>${escapeHtml(text)}</a>`;
}
