// When something is run, as values: cron's five fields, and the time zone that they are of.

import { readCron } from '../../words/cron.ts';
import { nearest } from '../../words/nearest.ts';
import { isZone } from '../../words/timetable.ts';
import { bad, type Decoded, good, text } from './decoded.ts';

export function cron(value: unknown): Decoded<string> {
  const written = text(value, '"0 3 * * *"');
  if (!written.ok) return written;
  const read = readCron(written.value);
  return read.ok ? good(written.value.trim()) : bad(read.reason, '"0 3 * * *"');
}

export function timeZone(value: unknown): Decoded<string> {
  const name = text(value, '"Europe/Berlin"');
  if (!name.ok || isZone(name.value)) return name;
  const near = nearest(name.value, Intl.supportedValuesOf('timeZone'));
  return bad('there is no such time zone', `"${near ?? 'Europe/Berlin'}"`);
}
