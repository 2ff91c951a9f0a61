// What is wrong with a configuration, where, and what to try. Problems are collected, never thrown.

/** A place in a configuration file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A value in a configuration file, named by its keys: ["app", "hello", "server_names", 0]. */
export interface Source {
  readonly file: string;
  readonly key: readonly (string | number)[];
}

export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The next move; printed after "try: ". */
  readonly hint?: string;
  readonly at?: Source | Place;
  /** The other place of two that disagree: "(KEY at FILE:LINE)" follows the message as soon as its line is known. */
  readonly against?: Source;
  /** The app, program or group that an error keeps from being used; absent: the error concerns the whole file. */
  readonly subject?: string;
}

/** `file:line:column: message` and, when there is a hint, a second line `  try: hint`. */
export function formatProblem(problem: Problem): string {
  const place = problem.at === undefined ? '' : `${formatPlace(problem.at)}: `;
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  const hint = problem.hint === undefined ? '' : `\n  try: ${problem.hint}`;
  return `${place}${severity}${problem.message}${hint}`;
}

function formatPlace(at: Source | Place): string {
  return 'line' in at ? `${at.file}:${at.line}:${at.column}` : at.file;
}
