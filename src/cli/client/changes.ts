// How reread and update print the differences of the configuration, and its problems.

import type { ChangeReport, ProblemReport } from '../../protocol/control.ts';
import { escapeLine, escapeLines } from '../../words/escape.ts';
import type { Context } from '../program/command.ts';
import { count, errorText } from '../program/print.ts';

/** "hello: changed (workers, environment)": Supervisor's words, and the keys that differ. */
export function changeLine({ name, change, keys }: ChangeReport): string {
  return escapeLine(`${name}: ${change}${keys.length === 0 ? '' : ` (${keys.join(', ')})`}`);
}

/** Prints errors as a whole, and the number of warnings, which check shows. Returns 1 when there is an error. */
export function printProblems(problems: readonly ProblemReport[], { program, stderr }: Context): number {
  const errors = problems.filter(problem => problem.severity === 'error');
  for (const problem of errors) stderr.write(`${escapeLines(problem.text)}\n`);
  const warnings = problems.length - errors.length;
  if (warnings > 0)
    stderr.write(
      errorText(program.name, `the configuration has ${count(warnings, 'warning')}`, `${program.name} check`),
    );
  return errors.length > 0 ? 1 : 0;
}
