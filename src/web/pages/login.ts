// The pages for somebody who is not logged in. Pure.

import { bare } from './frame.ts';
import { html } from './html.ts';

export interface Login {
  readonly machine: string;
  /** Where the way goes afterwards: a path of ours. */
  readonly next: string;
  /** Whom the kernel knows at the other end of a unix socket; null: a password is asked for. */
  readonly known: string | null;
  /** What was wrong with the last try; null: there was none. */
  readonly wrong: string | null;
  readonly user: string;
}

export function loginPage({ machine, next, known, wrong, user }: Login): string {
  const said = wrong === null ? null : html`<p class="notice" role="alert" id="wrong">${wrong}</p>`;
  const about = wrong === null ? null : html` aria-describedby="wrong"`;
  return bare(
    `Log in - hostd on ${machine}`,
    html`<h1>hostd on ${machine}</h1>
${said}
<form method="post" action="/login">
<input type="hidden" name="next" value="${next}">
${
  known === null
    ? html`<label for="user">User</label><input id="user" name="user" value="${user}" autocomplete="username" autocapitalize="none" spellcheck="false" required${about}>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required${about}>`
    : html`<p>You are ${known} on this machine.</p>`
}
<div class="row"><button class="do">Log in</button></div>
</form>`,
  );
}

/** A refusal, or an error, in words. */
export function errorPage(title: string, text: string, hint: string | null = null): string {
  return bare(
    title,
    html`<h1>${title}</h1><p class="wrap">${text}</p>${hint === null ? null : html`<p>Try: <code>${hint}</code></p>`}<p><a href="/">All apps</a></p>`,
  );
}
