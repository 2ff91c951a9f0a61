// hostctl check and hostd check

import type { Host } from '../../model/host.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { escapeJson, escapeLines } from '../../words/escape.ts';
import { configFile } from '../client/socket.ts';
import { type Command, noOperands } from '../program/command.ts';
import { count } from '../program/print.ts';

export const check: Command = {
  name: 'check',
  summary: 'show every problem of the configuration',
  usage: '[--json]',
  help: `
Reads the configuration and prints everything that is wrong with it, with its place and what to try. As root it says too
when the proxy's user may not execute the Node that hostd runs by.
Does nothing else, and needs no running hostd.
Exit code: 0 no errors (warnings may be), 1 errors.`,
  options: {
    json: { type: 'boolean', help: 'print an array of objects' },
  },
  operands: noOperands,
  async run(input, context) {
    const { stdout } = context;
    // Loaded only now: help needs this file too, and reading TOML costs start-up time.
    const { load } = await import('../../config/load.ts');
    const { ownProgramProblems } = await import('../../config/own-programs.ts');
    const { host, problems: found } = load(configFile(input, context));
    const problems = [...found, ...ownProgramProblems(host)];
    const errors = problems.filter(problem => problem.severity === 'error').length;
    if (input.options['json'] === true) stdout.write(`${escapeJson(problems.map(toJson))}\n`);
    else {
      for (const problem of problems) stdout.write(`${escapeLines(formatProblem(problem))}\n`);
      stdout.write(`${summary(host, errors, problems.length - errors)}\n`);
    }
    return errors > 0 ? 1 : 0;
  },
};

function summary({ apps, programs }: Host, errors: number, warnings: number): string {
  if (errors > 0) return `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  const noted = warnings > 0 ? `, ${count(warnings, 'warning')}` : '';
  return `ok: ${count(apps.length, 'app')}, ${count(programs.length, 'program')}${noted}`;
}

function toJson({ severity, message, hint, at, subject }: Problem) {
  return {
    severity,
    file: at?.file ?? null,
    line: at !== undefined && 'line' in at ? at.line : null,
    column: at !== undefined && 'line' in at ? at.column : null,
    subject: subject ?? null,
    message,
    try: hint ?? null,
  };
}
