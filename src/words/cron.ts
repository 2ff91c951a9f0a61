// cron's five fields (crontab(5)): which minutes they mean. When those come in a time zone is timetable.ts's business. Pure.

import { nearest } from './nearest.ts';

/** The values that each field allows, sorted; Sunday is 0. null: any ("*"). */
export interface Cron {
  readonly minutes: readonly number[] | null;
  readonly hours: readonly number[] | null;
  readonly days: readonly number[] | null;
  readonly months: readonly number[] | null;
  readonly weekdays: readonly number[] | null;
  /** Whether a day must be in both `days` and `weekdays`: one of the two begins with "*". Else one of them is enough. */
  readonly both: boolean;
}

export type ReadCron =
  | { readonly ok: true; readonly cron: Cron }
  | { readonly ok: false; readonly reason: string };

/** In place of five fields; cron's @reboot is no time. */
const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

interface Field {
  readonly title: string;
  readonly least: number;
  readonly most: number;
  /** The first is the name of `least`. */
  readonly names?: readonly string[];
}

const fields = {
  minutes: { title: 'minute', least: 0, most: 59 },
  hours: { title: 'hour', least: 0, most: 23 },
  days: { title: 'day of the month', least: 1, most: 31 },
  months: {
    title: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  weekdays: {
    title: 'day of the week',
    least: 0,
    most: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
} as const satisfies Readonly<Record<string, Field>>;

const longestMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads five fields with blanks between them, or a nickname such as "@daily". */
export function readCron(text: string): ReadCron {
  const written = text.trim().toLowerCase();
  const nicknamed = Object.hasOwn(nicknames, written) ? nicknames[written] : undefined;
  if (written.startsWith('@') && nicknamed === undefined) {
    if (written === '@reboot')
      return no('@reboot is no time; a program without a schedule starts with hostd');
    return no(
      `there is no "${written}"; did you mean ${nearest(written, Object.keys(nicknames)) ?? '@daily'}`,
    );
  }
  const words = (nicknamed ?? written).split(/\s+/);
  if (words.length !== 5)
    return no(`it has ${words.length} field${words.length === 1 ? '' : 's'}, not cron's five (no seconds)`);
  const read: Partial<Record<keyof typeof fields, readonly number[] | null>> = {};
  for (const [at, [name, field]] of Object.entries(fields).entries()) {
    const values = valuesOf(field, words[at] ?? '');
    if (typeof values === 'string') return no(values);
    read[name as keyof typeof fields] = values;
  }
  const { minutes = null, hours = null, days = null, months = null, weekdays: week = null } = read;
  const both = words[2]?.startsWith('*') === true || words[4]?.startsWith('*') === true;
  const weekdays = week && [...new Set(week.map(day => day % 7))].sort(byNumber);
  const cron = { minutes, hours, days, months, weekdays: weekdays?.length === 7 ? null : weekdays, both };
  return isEver(cron) ? { ok: true, cron } : no('no month of those has such a day');
}

/** Whether a time in the calendar is one that is meant; `weekday`: 0 is Sunday. */
export function isMeant(
  { minutes, hours, days, months, weekdays, both }: Cron,
  time: { minute: number; hour: number; day: number; month: number; weekday: number },
): boolean {
  const has = (values: readonly number[] | null, value: number) => values === null || values.includes(value);
  const [day, weekday] = [has(days, time.day), has(weekdays, time.weekday)];
  const isDay = both || days === null || weekdays === null ? day && weekday : day || weekday;
  return has(minutes, time.minute) && has(hours, time.hour) && has(months, time.month) && isDay;
}

function no(reason: string): ReadCron {
  return { ok: false, reason };
}

/** Sorted values, null for all of them, or what is wrong. */
function valuesOf(field: Field, word: string): readonly number[] | null | string {
  const values = new Set<number>();
  for (const part of word.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    const by = step === undefined ? 1 : /^\d+$/.test(step) ? Number(step) : 0;
    if (more.length > 0 || by < 1) return `${field.title} "${word}": no step "/${step}"`;
    const bounds = boundsOf(field, range, step !== undefined);
    if (typeof bounds === 'string') return `${field.title} "${word}": ${bounds}`;
    for (let value = bounds[0]; value <= bounds[1]; value += by) values.add(value);
  }
  const isAll = values.size === field.most - field.least + 1;
  return isAll ? null : [...values].sort(byNumber);
}

/** "5/10" means from 5 on, as cronie has it. */
function boundsOf(field: Field, range: string, hasStep: boolean): readonly [number, number] | string {
  if (range === '*') return [field.least, field.most];
  const [first = '', last, ...more] = range.split('-');
  const from = numberOf(field, first);
  const to = last === undefined ? (hasStep ? field.most : from) : numberOf(field, last);
  if (from === null || to === null || more.length > 0)
    return `"${range}" is not ${field.least} to ${field.most}${field.names === undefined ? '' : `, nor a name such as "${field.names[1]}"`}`;
  return from <= to ? [from, to] : `"${range}" goes backwards`;
}

function numberOf({ least, most, names }: Field, word: string): number | null {
  const named = names?.indexOf(word) ?? -1;
  if (named >= 0) return named + least;
  const value = /^\d{1,2}$/.test(word) ? Number(word) : -1;
  return value >= least && value <= most ? value : null;
}

function isEver({ days, months, weekdays, both }: Cron): boolean {
  if (days === null || (weekdays !== null && !both)) return true;
  const longest = Math.max(...longestMonth.filter((_, at) => months?.includes(at + 1) ?? true));
  return days.some(day => day <= longest);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
