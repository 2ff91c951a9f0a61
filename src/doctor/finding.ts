// What the doctor says: findings, each by the check that has made it, and what it could not look at. Pure.

import type { Place, Problem, Source } from '../model/problem.ts';

/** The checks of the machine, and then those of a site in the order of a visitor's way, with what each is about. */
export const checks = {
  daemon: 'hostd answers, and is the version on disk',
  configuration: 'the files are sound, and in force',
  port: 'nobody else has the ports of the proxy',
  proxy: 'the proxy runs, or who is in its place',
  disk: 'room and inodes for logs, files and data',
  memory: 'nobody is killed for want of memory, or soon will be',
  name: 'the host names lead to this machine',
  certificate: 'chain, names, key, end',
  maintenance: 'visitors are not sent to the maintenance page',
  socket: 'it is there, somebody listens, and the proxy may connect',
  program: 'the app runs, and so do its other programs',
  code: 'settings, WSGI module and URLs load as the app’s user',
  database: 'it is reachable, writable, and migrated',
  request: 'a request is answered well, through everything',
  static: 'files below /static/ and /media/ are where the proxy looks',
  django: 'what Django’s settings say about this site',
  secret: 'no secret can be read by everybody',
  log: 'no error of late',
} as const;

export type Check = keyof typeof checks;

/** error: visitors are affected, or strangers see what they must not. warning: they will be. note: for information. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly check: Check;
  readonly severity: Severity;
  readonly message: string;
  /** The next move; null: there is none. */
  readonly hint: string | null;
  readonly at?: Source | Place;
  /** Whether it can be the reason why an app does not run, or answers badly. */
  readonly explains: boolean;
}

export interface Unseen {
  readonly check: Check;
  readonly why: string;
  /** There is nothing of the kind to look at. */
  readonly isMoot?: true;
}

export interface Looked {
  readonly findings: readonly Finding[];
  readonly unseen: readonly Unseen[];
}

export const nothing: Looked = { findings: [], unseen: [] };

/** `explains`: see Finding. */
export function made(
  check: Check,
  severity: Severity,
  message: string,
  hint: string | null = null,
  { explains = false, at }: { readonly explains?: boolean; readonly at?: Finding['at'] } = {},
): Finding {
  return { check, severity, message, hint, explains, ...(at === undefined ? {} : { at }) };
}

/** A problem of `hostd check`. Its app's name is left out, since findings stand below it. */
export function fromProblem(
  check: Check,
  problem: Problem,
  change: Partial<Pick<Finding, 'severity' | 'explains'>> = {},
): Finding {
  const { severity, hint = null, at } = problem;
  const message = problem.message.replace(/^app "[^"]*": /, '');
  return made(check, change.severity ?? severity, message, hint, {
    explains: change.explains ?? severity === 'error',
    ...(at === undefined ? {} : { at }),
  });
}

export function found(...findings: readonly Finding[]): Looked {
  return { findings, unseen: [] };
}

export function unseen(why: string, ...names: readonly Check[]): Looked {
  return { findings: [], unseen: names.map(check => ({ check, why })) };
}

/** Checks that do not apply. */
export function moot(why: string, ...names: readonly Check[]): Looked {
  return { findings: [], unseen: names.map(check => ({ check, why, isMoot: true })) };
}

export function joined(...all: readonly Looked[]): Looked {
  return {
    findings: all.flatMap(({ findings }) => findings),
    unseen: all.flatMap(({ unseen }) => unseen),
  };
}
