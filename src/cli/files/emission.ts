// What emit and [emit] write: the outputs of some formats for some apps, with the places of problems in the configuration.

import { readFileSync } from 'node:fs';
import { thisMachine } from '../../config/machine.ts';
import { placesOf } from '../../config/toml/toml.ts';
import { HostdError } from '../../errors.ts';
import type { ContainerOptions, Output } from '../../formats/format.ts';
import { formats, together } from '../../formats/formats.ts';
import type { Host, Listen } from '../../model/host.ts';
import { usableListeners } from '../../model/listen.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { escapeLines } from '../../words/escape.ts';
import { nearest } from '../../words/nearest.ts';
import { noWiderThan } from './closed.ts';

export interface Emission {
  readonly outputs: readonly Output[];
  readonly problems: readonly Problem[];
}

/** `names`: apps, or groups of other programs; empty: all. Throws HostdError for an unknown name or format. */
export function emission(
  host: Host,
  formatNames: readonly string[],
  names: readonly string[],
  plain: boolean,
  container?: ContainerOptions,
): Emission {
  const chosen = formatNames.flatMap(name => (name === 'all' ? together : [writerNamed(name)]));
  const known = [
    ...new Set(
      [...host.apps, ...host.groups].map(({ name }) => name).concat(host.programs.map(({ group }) => group)),
    ),
  ];
  for (const name of names)
    if (!known.includes(name)) {
      const near = nearest(name, known);
      throw new HostdError('unknown-name', `cannot find the app "${name}"`, {
        hint: near ?? `hostctl check`,
      });
    }
  const isWanted = (name: string | undefined) =>
    names.length === 0 || (name !== undefined && names.includes(name));
  const written = [...new Set(chosen)].flatMap(
    format =>
      format.write?.(spoken(host), { plain, ...(container === undefined ? {} : { container }) }) ?? [],
  );
  return {
    outputs: written
      .flatMap(({ files }) => files)
      .filter(({ owner }) => isWanted(owner))
      .map(output => closedAs(remarked(output), host)),
    problems: written
      .flatMap(({ problems }) => problems)
      .filter(({ subject }) => isWanted(subject))
      .map(placed),
  };
}

/** The host without addresses that this machine cannot have, with which nginx would not start. */
function spoken(host: Host): Host {
  const { settings } = host;
  const usable = (list: readonly Listen[]) => usableListeners(list, thisMachine.hasIpv6());
  const { listen, tlsListen } = settings.proxy;
  const proxy = { ...settings.proxy, listen: usable(listen), tlsListen: usable(tlsListen) };
  return { ...host, settings: { ...settings, proxy } };
}

export const writable: readonly string[] = [
  ...formats.filter(({ write }) => write !== undefined).map(({ name }) => name),
  'all',
];

function writerNamed(name: string) {
  const format = formats.find(format => format.name === name && format.write !== undefined);
  if (format !== undefined) return format;
  const near = nearest(name, writable);
  throw new HostdError('usage', `unknown format "${name}"`, { hint: near ?? writable.join(', ') });
}

/** What a file does not say stands at its top, by key and line, for whoever has only the file. */
function remarked(output: Output): Output {
  if (output.kind === 'link' || output.unsaid === undefined || output.unsaid.length === 0) return output;
  const lines = output.unsaid.flatMap(problem => escapeLines(formatProblem(placed(problem))).split('\n'));
  const [first = '', ...rest] = output.text.split('\n');
  return { ...output, text: [first, ...lines.map(line => `# ${line}`), ...rest].join('\n') };
}

/** Makes what is written from a closed configuration as closed. Only variables are certainly secret, and their files are closed anyway:
 *  a configuration in somebody's home closes nothing else. */
function closedAs(output: Output, host: Host): Output {
  if (output.kind === 'link' || output.isOpen === true) return output;
  const sources = [
    ...host.apps.filter(({ name }) => name === output.owner),
    ...host.programs.filter(({ group }) => group === output.owner),
  ].map(({ source }) => source.file);
  return { ...output, mode: noWiderThan(output.mode, new Set(sources), 'nothing') };
}

/** From the name of a key to its line. */
function placed(problem: Problem): Problem {
  if (problem.at === undefined || !('key' in problem.at)) return problem;
  const { file, key } = problem.at;
  try {
    return { ...problem, at: placesOf(readFileSync(file, 'utf8'), file)(key) };
  } catch {
    return problem; // the file's name is enough of a place
  }
}
