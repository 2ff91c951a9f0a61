// What every page has round it: the head, the way to the other pages, the notice of what was done. Pure.

import { type Html, html, type Part } from './html.ts';
import { iconPath, scriptPath, stylePath } from './own-files.ts';

/** Who looks, and at which machine. */
export interface Viewer {
  readonly machine: string;
  readonly user: string;
  readonly mayOperate: boolean;
  /** Of the session's own forms. */
  readonly token: string;
  /** What was done a moment ago. */
  readonly notice: string | null;
}

export interface Content {
  readonly title: string;
  readonly here: 'apps' | 'events' | null;
  readonly body: Part;
  /** Whether parts of it (`live`) are kept current. */
  readonly isLive?: boolean;
}

/** A page for somebody who is logged in. */
export function frame({ machine, user, token, notice, mayOperate }: Viewer, content: Content): string {
  const { title, here, body, isLive = false } = content;
  const current = (name: string) => (here === name ? html` aria-current="page"` : null);
  return document(
    `${title} - hostd on ${machine}`,
    isLive ? 'live' : 'still',
    html`<a class="skip" href="#main">Skip to content</a>
<header>
<p class="name"><a href="/">hostd</a> on ${machine}</p>
<nav aria-label="Pages"><a href="/"${current('apps')}>Apps</a> <a href="/events"${current('events')}>Events</a></nav>
<form method="post" action="/logout"><input type="hidden" name="token" value="${token}"><span class="who">${user}${mayOperate ? null : ' (may look)'}</span> <button>Log out</button></form>
</header>
<main id="main" tabindex="-1">
<p id="notice" role="status">${notice === null ? null : html`<span class="notice">${notice}</span>`}</p>
${body}
</main>`,
  );
}

/** A page for anybody: the login, a refusal. */
export function bare(title: string, body: Part): string {
  return document(title, 'still', html`<main id="main" class="bare">${body}</main>`);
}

function document(title: string, kind: string, body: Html): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="${stylePath}">
<link rel="icon" href="${iconPath}" type="image/svg+xml">
<script src="${scriptPath}" defer></script>
</head>
<body class="${kind}">
${body}
</body>
</html>
`.text;
}

/** A part that the page's script keeps current. */
export function live(id: string, body: Part): Html {
  return html`<div id="${id}" data-live>${body}</div>`;
}
