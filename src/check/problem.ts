// A finding about an app, at the key of its table that says what was looked at. Pure.

import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';

/** `error`: visitors of the site meet it. */
export function finding(
  severity: Problem['severity'],
  { name, source }: Pick<App, 'name' | 'source'>,
  key: string,
  message: string,
  hint: string,
): Problem {
  const at = { file: source.file, key: [...source.key, key] };
  return { severity, message: `app "${name}": ${message}`, hint, at, subject: name };
}
