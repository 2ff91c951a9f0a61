// What status looks like: Supervisor's columns. Pure: text in, text out.

import type { StateName } from '../../model/state.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import { isWell } from '../../protocol/well.ts';
import { escapeLine } from '../../words/escape.ts';

/** Select Graphic Rendition parameters (ECMA-48 8.3.117). */
const colours: Readonly<Record<StateName, number | null>> = {
  RUNNING: 32,
  STARTING: 33,
  STOPPING: 33,
  BACKOFF: 33,
  EXITED: 33,
  FATAL: 31,
  UNKNOWN: 31,
  STOPPED: null,
};

/** A line for each program. Columns are as wide as supervisorctl's, since scripts split them on blanks. */
export function statusTable(programs: readonly ProgramStatus[], hasColours: boolean): string {
  const names = programs.map(program => escapeLine(program.name));
  const width = Math.max(30, ...names.map(name => name.length)) + 3;
  return programs
    .map((program, index) => {
      const name = (names[index] ?? '').padEnd(width);
      const state = escapeLine(program.state).padEnd(10);
      const line = `${name}${hasColours ? paint(state, program) : state}${escapeLine(program.description)}`;
      return `${line.trimEnd()}\n`;
    })
    .join('');
}

function paint(text: string, program: ProgramStatus): string {
  const isWaiting = program.state !== 'RUNNING' && isWell(program);
  const colour = isWaiting ? null : (colours[program.state] ?? null);
  return colour === null ? text : `\x1b[${colour}m${text}\x1b[0m`;
}

/** `hostctl: message`, and the next move on a second line. */
export function errorText(program: string, message: string, hint: string | undefined): string {
  const tail = hint === undefined ? '' : `  try: ${escapeLine(hint)}\n`;
  return `${program}: ${escapeLine(message)}\n${tail}`;
}

/** "1 app", "2 apps". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
