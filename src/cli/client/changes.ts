// How reread and update print the differences of the configuration, and its problems.

import { laterWords } from '../../model/settings-changes.ts';
import type { ChangeReport, ProblemReport, RereadReply, SettingsReport } from '../../protocol/control.ts';
import { escapeLine, escapeLines } from '../../words/escape.ts';
import type { Context } from '../program/command.ts';
import { count, errorText } from '../program/print.ts';

/** "hello: changed (workers, environment)": Supervisor's words, and the keys that differ. */
function changeLine({ name, change, keys }: ChangeReport): string {
  return escapeLine(`${name}: ${change}${keys.length === 0 ? '' : ` (${keys.join(', ')})`}`);
}

/** "[web]: changed (listen)". */
function settingsLine({ table, takes, keys }: SettingsReport): string {
  return escapeLine(`[${table}]: changed (${keys.join(', ')})${laterWords[takes]}`);
}

/** All that differs, a line each. A hostd before 0.2.0 says nothing of settings. */
export function changeLines({
  settings = [],
  changes,
}: Pick<RereadReply, 'changes'> & Partial<RereadReply>): readonly string[] {
  return [...settings.map(settingsLine), ...changes.map(changeLine)];
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
