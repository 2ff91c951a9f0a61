// The names of event types that a listener subscribes to.

import { eventNames } from '../../model/event-names.ts';
import { nearest } from '../../words/nearest.ts';
import { bad, type Decoded, good } from './decoded.ts';

/** A list of names, or Supervisor's text with commas. */
export function eventTypes(value: unknown): Decoded<readonly string[]> {
  const example = '["PROCESS_STATE_FATAL"]';
  const names = typeof value === 'string' ? value.split(',').map(name => name.trim()) : value;
  if (!Array.isArray(names) || names.length === 0 || !names.every(name => typeof name === 'string'))
    return bad('it must be a list of event types', example);
  const known: readonly string[] = eventNames;
  const upper = names.map((name: string) => name.toUpperCase());
  const wrong = upper.find(name => !known.includes(name));
  if (wrong === undefined) return good(upper);
  return bad(`there is no event type "${wrong}"`, `["${nearest(wrong, eventNames) ?? 'PROCESS_STATE'}"]`);
}
