// hostd's log for people on a terminal: one line an entry, with its level in colour. Pure.

import { escapeLine, escapeLines } from '../../words/escape.ts';

/** Numbers of colours, ECMA-48 8.3.117 (SGR). Written out, since node:util is 0.2 MB of root's process. */
const colours: ReadonlyMap<string, number> = new Map([
  ['trace', 90],
  ['debug', 34],
  ['info', 32],
  ['warn', 33],
  ['error', 31],
  ['fatal', 35],
]);
const usualColour = 0;

/** Fields that have their own place in the line, or are in it already. */
const placed = new Set(['level', 'time', 'msg', 'program', 'err']);

/**
 * One line of pino's JSON as "[12:03:04.567] WARN: hello: message {"run":3}", with an error's stack below it. `time` is shown in
 * the machine's zone. Characters that a terminal would obey are shown as numbers, since strangers' words may be in a message.
 * Text that is no JSON comes back as it is.
 */
export function readableLine(line: string): string {
  const entry = parse(line);
  if (entry === null) return line;
  const { level, time, msg, program, err } = entry;
  const name = typeof level === 'string' ? level : 'info';
  const label = `\u001b[${colours.get(name) ?? usualColour}m${name.toUpperCase()}\u001b[${usualColour}m`;
  const rest = Object.fromEntries(Object.entries(entry).filter(([key]) => !placed.has(key)));
  const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  const about = typeof program === 'string' ? `${program}: ` : '';
  return `[${clockTime(time)}] ${label}: ${setIn(escapeLines(`${about}${msg ?? ''}`))}${escapeLine(more)}\n${escapeLines(stackOf(err))}`;
}

/** Indents the further lines of a message. No entry begins with a blank, so no text can pass for an entry. */
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
