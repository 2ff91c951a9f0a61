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
  usage: '[--deep] [--json]',
  help: `
Reads the configuration and prints everything that is wrong with it, with its place and what to try: modules and worker
classes that are not there, files that the app's or the proxy's user may not read, certificates, ports that others use, full
disks. What other users may do is seen by root alone. Does nothing else, and needs no running hostd.

With --deep it runs the apps' code too, each as its own user, for at most 60 seconds: settings, URLs, Django's own checks, the
database.
Exit code: 0 no errors (warnings may be), 1 errors.`,
  options: {
    deep: { type: 'boolean', help: "load the apps' code, as their users" },
    json: { type: 'boolean', help: 'print an array of objects' },
  },
  operands: noOperands,
  async run(input, context) {
    const { stdout } = context;
    // Loaded only now, since help needs this file too, and reading TOML takes time.
    const { load } = await import('../../config/load.ts');
    const { ownProgramProblems } = await import('../../config/own-programs.ts');
    const { lookAround, lookDeep } = await import('../../check/look.ts');
    const { host, problems: found, place } = load(configFile(input, context));
    const seen = [...ownProgramProblems(host), ...lookAround(host)];
    const deep = input.options['deep'] === true ? await lookDeep(host, seen) : [];
    const problems = place([...found, ...seen, ...deep]);
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
