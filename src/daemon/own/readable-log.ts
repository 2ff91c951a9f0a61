// hostd's log as people read it on a terminal: one line an entry, with its level in colour. Pure.

import { styleText } from 'node:util';
import { escapeLine, escapeLines } from '../../words/escape.ts';

const styles = {
  trace: 'gray',
  debug: 'blue',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
} as const;

/** Fields that have places of their own, or say what the line says already. */
const placed = new Set(['level', 'time', 'msg', 'program', 'err']);

/**
 * One line of pino's JSON as "[12:03:04.567] WARN: hello: message {"run":3}", and an error's stack below it. `time` is shown in
 * the machine's zone. Other people's words may be in a message: what a terminal would obey is shown as numbers. Text that is no JSON comes back as it is.
 */
export function readableLine(line: string): string {
  const entry = parse(line);
  if (entry === null) return line;
  const { level, time, msg, program, err } = entry;
  const name = typeof level === 'string' ? level : 'info';
  const style = styles[name as keyof typeof styles] ?? 'reset';
  const label = styleText(style, name.toUpperCase(), { validateStream: false });
  const rest = Object.fromEntries(Object.entries(entry).filter(([key]) => !placed.has(key)));
  const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  const about = typeof program === 'string' ? `${program}: ` : '';
  return `[${clockTime(time)}] ${label}: ${setIn(escapeLines(`${about}${msg ?? ''}`))}${escapeLine(more)}\n${escapeLines(stackOf(err))}`;
}

/** Further lines of a message are set in, as no entry is: no text can pass for one. */
function setIn(message: string): string {
  return message.replaceAll('\n', '\n    ');
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function clockTime(time: unknown): string {
  const at = new Date(typeof time === 'string' || typeof time === 'number' ? time : Number.NaN);
  if (Number.isNaN(at.getTime())) return '--:--:--.---';
  const two = (n: number) => `${n}`.padStart(2, '0');
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${clock}.${`${at.getMilliseconds()}`.padStart(3, '0')}`;
}

function stackOf(err: unknown): string {
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? err.stack : undefined;
  return typeof stack === 'string' ? `${stack.replaceAll(/^/gm, '    ')}\n` : '';
}
