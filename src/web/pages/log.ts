// The page of a log: its end, which the page's script follows. Pure.

import { frame, type Viewer } from './frame.ts';
import { type Html, html } from './html.ts';
import { at } from './words.ts';

/** Logs of a program, and those of its site. */
export const channels = {
  stdout: 'Log',
  stderr: 'Stderr',
  access: 'Access log',
  errors: 'Error log',
} as const;

export type Channel = keyof typeof channels;

export function isChannel(text: string): text is Channel {
  return Object.hasOwn(channels, text);
}

/** Lines of a log on its page, and bytes: a page stays small. */
export const mostLines = 300;
export const mostBytes = 30 * 1024;

/** The text without a terminal's colours. */
export function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a colour begins with
  return text.replaceAll(/\u001b\[[\d;]*m/g, '');
}

export interface Log {
  readonly name: string;
  readonly channel: Channel;
  /** Which logs there are. */
  readonly others: readonly Channel[];
  /** null: it cannot be read, and this is why. */
  readonly text: string | { readonly why: string };
}

export function logPage(viewer: Viewer, { name, channel, others, text }: Log): string {
  const title = `${channels[channel]} of ${name}`;
  const follow = at(name, `log/follow?channel=${channel}`);
  const body = html`<h1>${title}</h1>
<div class="row">${logLinks(name, others, channel)} <a class="act" href="${follow}">Tail -f</a> <span id="pause"></span></div>
${
  typeof text === 'string'
    ? html`<pre class="log" tabindex="0" role="region" aria-label="${title}" data-follow="${at(name, `log/follow?channel=${channel}&lines=${mostLines}`)}">
${withoutColours(text)}</pre>`
    : html`<p>${text.why}</p>`
}
<p><a href="${at(name)}">Back to ${name}</a></p>`;
  return frame(viewer, { title, here: null, body });
}

/** `here`: the one that is shown; null: none. */
export function logLinks(name: string, found: readonly Channel[], here: Channel | null): Html {
  return html`<span class="acts">${found.map(
    channel =>
      html`<a class="act" href="${at(name, `log?channel=${channel}`)}"${channel === here ? html` aria-current="page"` : null}>${channels[channel]}</a>`,
  )}</span>`;
}
