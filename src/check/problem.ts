// A finding about an app, at the key of its table that the finding is about. Pure.

import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';

/** `error`: the site's visitors are affected. */
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
