// The names in one call of an operator. Pure.

import { HostdError } from '../errors.ts';

/** Names in one call. Each is looked up among all programs, so there must not be as many as a body has room for. */
const most = 1000;

/** Each name once. @throws HostdError when there are too many. */
export function distinctNames(names: readonly string[]): string[] {
  const distinct = [...new Set(names)];
  if (distinct.length <= most) return distinct;
  throw new HostdError('usage', `cannot take ${distinct.length} names at once: more than ${most}`, {
    hint: '"all", or several calls',
  });
}
