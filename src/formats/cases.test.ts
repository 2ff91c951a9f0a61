// Shared by the tests of formats: a Host from TOML, and what a format writes for it. Has no test of its own.

import { definitionsIn, parseToml, readDefinition, readGroup, readSettings } from '../config/toml/toml.ts';
import { assemble } from '../model/assemble.ts';
import type { Host } from '../model/host.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { formatNamed } from './formats.ts';

/** Throws for any mistake in the text. */
export function hostOf(text: string): Host {
  const problems: Problem[] = [];
  const file = '/etc/hostd/hostd.toml';
  const document = parseToml(text, file, problems);
  const settings = readSettings(file, document?.tables ?? {}, problems);
  const definitions = document === null ? [] : definitionsIn(document, true, problems);
  const groupOf = new Map(
    definitions
      .filter(({ kind }) => kind === 'group')
      .map(({ name, source, table }) =>
        readGroup({ ...source, title: '', subject: name, problems }, name, table),
      )
      .flatMap(group => group.programs.map(program => [program, group] as const)),
  );
  const pieces = definitions.map(definition =>
    readDefinition(
      definition,
      { settings, groupOf, machineName: 'host', envFiles: null, uidOf: () => null },
      problems,
    ),
  );
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  return assemble({
    settings,
    apps: pieces.flatMap(({ apps }) => apps),
    programs: pieces.flatMap(({ programs }) => programs),
    resting: pieces.flatMap(({ resting }) => resting),
    groups: pieces.flatMap(({ groups }) => groups),
  });
}

/** Texts by path; a link is "-> target". */
export function textsOf(host: Host, format: string, plain: boolean): Readonly<Record<string, string>> {
  const { files = [] } = formatNamed(format)?.write?.(host, { plain }) ?? {};
  return Object.fromEntries(
    files.map(file => [file.path, file.kind === 'file' ? file.text : `-> ${file.target}`]),
  );
}

/** What a format could not express, one line each. */
export function warningsOf(host: Host, format: string, plain = false): readonly string[] {
  return (formatNamed(format)?.write?.(host, { plain }).problems ?? []).map(({ message }) => message);
}
