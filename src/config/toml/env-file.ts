// env_file of [app.NAME]: files of variables, as python-dotenv reads them. A problem with a file is a problem of the app. No message has
// a value in it.

import { parseDotEnv } from '../../words/dotenv.ts';
import { hasControl } from './decoded.ts';
import { absolute } from './supervision.ts';
import { report, type Scope } from './table.ts';

export type EnvText =
  | { readonly ok: true; readonly text: string }
  /** `isMine`: only this user may not read the file. Root may. */
  | { readonly ok: false; readonly why: string; readonly hint: string; readonly isMine: boolean };

/** Reads a file of variables. `owner`: the app's uid; null: not known. */
export type ReadEnvFile = (path: string, owner: number | null) => EnvText;

/** What is needed to read the files that a table names. */
export interface EnvSurroundings {
  /** null: the files of this machine are not read. */
  readonly envFiles: ReadEnvFile | null;
  /** A user's uid; null: there is none. */
  readonly uidOf: (user: string) => number | null;
}

/** The variables of all files. A later file wins. `env`: the table's own variables, for ${NAME}. */
export function readEnvFiles(
  scope: Scope,
  paths: readonly string[],
  root: string,
  user: string,
  env: Readonly<Record<string, string>>,
  { envFiles, uidOf }: EnvSurroundings,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const written of paths) {
    const path = absolute(scope, 'env_file', written, root);
    if (path === null || envFiles === null) continue;
    const read = envFiles(path, uidOf(user));
    if (read.ok) Object.assign(values, variables(scope, path, read.text, { ...values, ...env }));
    else if (read.isMine)
      scope.problems.push({
        severity: 'warning',
        message: `${scope.title}: cannot look into env_file "${path}": ${read.why}`,
        hint: read.hint,
        at: { file: scope.file, key: [...scope.key, 'env_file'] },
      });
    else report(scope, ['env_file'], `cannot use env_file "${path}": ${read.why}`, read.hint);
  }
  return values;
}

function variables(
  scope: Scope,
  path: string,
  text: string,
  known: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { values, mistakes } = parseDotEnv(text, known);
  const [line] = mistakes;
  if (line !== undefined)
    report(scope, ['env_file'], `cannot use env_file "${path}": line ${line} is no variable`, 'NAME=value');
  const odd = Object.keys(values).find(name => !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) || hasControl(name));
  if (odd !== undefined)
    report(
      scope,
      ['env_file'],
      `cannot use env_file "${path}": ${JSON.stringify(odd)} is no name of a variable`,
      'NAME=value',
    );
  const withNul = Object.keys(values).find(name => values[name]?.includes('\0'));
  if (withNul !== undefined)
    report(scope, ['env_file'], `cannot use env_file "${path}": ${withNul} has a NUL in it`, 'NAME=value');
  return values;
}
