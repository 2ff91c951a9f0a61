// What a program needs on its machine: a user, a group, a command. An app's own gunicorn is checked with the app.

import { isRoot } from './app.ts';
import type { Program } from './host.ts';
import { servesApp } from './kind.ts';
import type { Machine } from './machine.ts';
import { ownOutputOf } from './own-output.ts';
import type { Problem } from './problem.ts';

export function checkProgram(program: Program, machine: Machine | null): readonly Problem[] {
  const isApp = servesApp(program);
  return [
    ...(isApp || machine === null ? [] : checkAccounts(program, machine)),
    ...checkRoot(program, machine),
    ...checkLogs(program),
    ...(isApp || machine === null ? [] : checkCommand(program, machine)),
  ];
}

function checkAccounts(program: Program, machine: Machine): readonly Problem[] {
  const problems: Problem[] = [];
  if (program.unixGroup !== null && machine.group(program.unixGroup) === null) {
    const hint = `groupadd --system ${program.unixGroup}`;
    problems.push(problemOf('error', program, 'group', `group "${program.unixGroup}" does not exist`, hint));
  }
  if (program.user !== null && machine.user(program.user) === null) {
    const hint = `useradd --system --user-group ${program.user}`;
    problems.push(problemOf('error', program, 'user', `user "${program.user}" does not exist`, hint));
  }
  return problems;
}

function checkRoot(program: Program, machine: Machine | null): readonly Problem[] {
  const { user } = program;
  const uid = user === null ? undefined : machine?.user(user)?.uid;
  if (user !== null && !isRoot(user) && uid !== 0) return [];
  const message =
    user === null ? 'it has no user, so it runs as hostd does, usually as root' : 'it runs as root';
  return [problemOf('warning', program, 'user', message, 'user = "nobody", or one of its own')];
}

/** hostd opens a log as a file of the program's user. A terminal or a pipe works only as hostd's own output. */
function checkLogs(program: Program): readonly Problem[] {
  const streams = [
    ['stdout_logfile', program.stdout.path],
    ['stderr_logfile', program.stderr?.path ?? null],
  ] as const;
  return streams.flatMap(([key, path]) =>
    path !== null && /^\/(dev|proc)\//.test(path) && ownOutputOf(path) === null
      ? [
          problemOf(
            'warning',
            program,
            key,
            `cannot keep a log in "${path}": it is no file, and the output is lost`,
            `leave ${key} out, and follow the log: hostctl logs -f ${program.name}`,
          ),
        ]
      : [],
  );
}

/** Only warns, since a missing command is no error for Supervisor either. It may exist when the program is started. Until then the
 *  program's state says that it is missing. */
function checkCommand(program: Program, machine: Machine): readonly Problem[] {
  const wrong = commandProblem(program.command, program.environment['PATH'] ?? '', machine);
  return wrong === null ? [] : [problemOf('warning', program, 'command', wrong, 'command = "/..."')];
}

/** Why the command cannot be run; null: it can, as far as is known before the start. */
export function commandProblem(command: readonly string[], path: string, machine: Machine): string | null {
  const word = command[0] ?? '';
  if (!word.includes('/')) {
    const found = path.split(':').some(directory => machine.isExecutable(`${directory}/${word}`));
    return found ? null : `cannot find command "${word}" in ${path}`;
  }
  // A relative path is resolved in the program's directory, as its user. Only the start can tell.
  if (!word.startsWith('/')) return null;
  if (machine.kind(word) === 'missing') return `cannot find command "${word}"`;
  return machine.isExecutable(word) ? null : `command "${word}" is not executable`;
}

/** The table that defines the program. A problem of an app's program is one of the app. */
function problemOf(
  severity: Problem['severity'],
  program: Program,
  key: string,
  message: string,
  hint: string,
): Problem {
  const [kind, subject, , inner] = program.source.key;
  const title = inner === undefined ? `${kind} "${subject}"` : `app "${subject}", program "${inner}"`;
  return {
    severity,
    message: `${title}: ${message}`,
    hint,
    at: { file: program.source.file, key: [...program.source.key, key] },
    subject: String(subject),
  };
}
