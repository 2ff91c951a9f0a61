// Shared by all pages of hostd dev: the frame, the style. No page loads anything from elsewhere. Pure.

import { createHash } from 'node:crypto';
import { escapeHtml } from '../../../words/html.ts';

export interface Page {
  readonly title: string;
  /** HTML. */
  readonly main: string;
  /** JavaScript; null: none. */
  readonly script: string | null;
  /** HTML for <head>, for browsers without scripts. */
  readonly head?: string;
}

const style = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #1b1f27; --soft: #545d6c; --line: #d8dce3;
  --link: #0b57c2; --code: #eef0f4; --good: #14713a; --wait: #7a5200; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171c; --card: #1c2027; --text: #e7eaf0; --soft: #a3adbd; --line: #343b46;
  --link: #86b7ff; --code: #11141a; --good: #6fd391; --wait: #f0bf5c; --bad: #ff9a90; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
header, main, footer { max-width: 58rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; color: var(--soft); font-weight: 600; letter-spacing: .02em; }
header a { color: inherit; text-decoration: none; }
footer { padding: 1.5rem 1.25rem 2.5rem; color: var(--soft); font-size: .9rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .6rem 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
code, pre { font: .86rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.cause { font: 600 1.05rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { background: var(--code); padding: .1em .35em; border-radius: 4px; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; margin: .75rem 0 0; overflow: auto; max-height: 26rem; }
ul.apps { list-style: none; margin: 1.25rem 0 0; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
ul.apps > li, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; }
.top { display: flex; flex-wrap: wrap; gap: .25rem .9rem; align-items: baseline; }
.soft { color: var(--soft); font-size: .92rem; }
.state { font-weight: 600; font-size: .9rem; white-space: nowrap; }
.state::before { content: ''; display: inline-block; width: .62em; height: .62em; margin-right: .45em; border-radius: 50%; background: currentColor; }
.good { color: var(--good); } .wait { color: var(--wait); } .bad { color: var(--bad); } .off { color: var(--soft); }
.wait.state::before { border-radius: 2px; transform: rotate(45deg) scale(.9); }
.bad.state::before { border-radius: 0; }
.off.state::before { background: none; border: 2px solid currentColor; }
@media (prefers-reduced-motion: no-preference) { .wait.moving::before { animation: turn 1.6s linear infinite; } @keyframes turn { to { transform: rotate(405deg) scale(.9); } } }
`;

/** The page as latin-1 text that stands for its UTF-8 bytes, as the proxy writes pages. */
export function renderPage({ title, main, script, head = '' }: Page): string {
  const allowed =
    script === null ? "'none'" : `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${allowed}; connect-src 'self'; base-uri 'none'; form-action 'none'`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
${head}<style>${style}</style>
</head>
<body>
<header>hostd dev</header>
<main>
${main}
</main>
<footer>Only this machine sees this page.</footer>
${script === null ? '' : `<script>${script}</script>`}
</body>
</html>
`;
  return Buffer.from(html, 'utf8').toString('latin1');
}

/** Log lines in a box that the keyboard can scroll; null: this visitor may not see them. */
export function logBox(label: string, lines: readonly string[] | null): string {
  if (lines === null) return '<p class="soft">Its log is shown to the user who runs hostd dev alone.</p>';
  if (lines.length === 0) return '';
  return `<pre tabindex="0" role="region" aria-label="${escapeHtml(label)}">${lines.map(escapeHtml).join('\n')}</pre>`;
}
