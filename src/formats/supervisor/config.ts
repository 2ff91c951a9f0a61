// From the sections of Supervisor's file to the processes that it would run, with every value expanded for each process.
// What Supervisor refuses is an error at its key. Supervisor refuses the whole file then. This code goes on with the other programs.

import { dirname } from 'node:path';
import type { Place } from '../../model/problem.ts';
import { type Ini, type IniError, type IniSection, iniValue } from '../../supervisord/config/ini.ts';
import { listOfStrings, plainName } from '../../words/datatypes.ts';
import { format, int, PythonError } from '../../words/python.ts';
import {
  attemptAt,
  type Expansions,
  type Process,
  prefixed,
  type Reader,
  readProcesses,
  type SectionKind,
} from './process.ts';
import { environmentPairs, knownPairs } from './values.ts';

/** What one [program:x] means. */
export interface Definition {
  readonly kind: SectionKind;
  readonly name: string;
  readonly at: Place;
  readonly section: IniSection;
  readonly processes: readonly Process[];
  /** Variables that are left out. */
  readonly leftOut: readonly LeftOut[];
  /** The keys that were read. */
  readonly asked: ReadonlySet<string>;
}

export interface LeftOut {
  readonly at: Place;
  readonly name: string;
  readonly why: string;
}

export interface ConfiguredGroup {
  readonly name: string;
  readonly at: Place;
  readonly priority: number;
  readonly programs: readonly string[];
}

export interface Configured {
  readonly definitions: readonly Definition[];
  readonly groups: readonly ConfiguredGroup[];
  /** Variables of [supervisord] that are left out, and so missing in every program. */
  readonly leftOut: readonly LeftOut[];
  readonly errors: readonly IniError[];
}

/** `unknown`: what becomes of a variable that is made from an %(ENV_X)s which is not in `around`. */
export function configured(
  ini: Ini,
  around: Expansions,
  main: string,
  unknown: 'left out' | 'refused' = 'refused',
): Configured {
  const errors: IniError[] = [];
  const attempt = <T>(at: Place, act: () => T): T | null => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      errors.push({ at, message: error.message });
      return null;
    }
  };
  const outer = { here: dirname(main), ...around };
  const supervisord = ini.sections.get('supervisord');
  const shared = iniValue(ini, supervisord ?? noSection(main), 'environment');
  const leavesOut = unknown === 'left out';
  const everywhere: LeftOut[] = [];
  // Supervisor 4.2.5 expands this value twice.
  const global =
    shared === undefined
      ? {}
      : (attempt(shared.at, () =>
          leavesOut
            ? knownPairs(
                shared.text,
                outer,
                (name, why) => void everywhere.push({ at: shared.at, name, why }),
                true,
              )
            : environmentPairs(format(shared.text, outer), outer),
        ) ?? {});
  const base = { ...outer, ...prefixed(global) };
  const sections = [...ini.sections.values()];
  const groups = sections.flatMap(section =>
    section.name.startsWith('group:')
      ? (attempt(section.at, () => readGroup(ini, section, base, sections)) ?? [])
      : [],
  );
  const groupOf = new Map(
    groups.flatMap(group => group.programs.map(program => [program, group.name] as const)),
  );
  const definitions = sections.flatMap(section => {
    const kind = /^(program|eventlistener|fcgi-program):/.exec(section.name)?.[1] as SectionKind | undefined;
    if (kind === undefined) return [];
    const written = section.name.slice(kind.length + 1);
    const leftOut = new Map<string, LeftOut>();
    const without = (name: string, why: string, at: Place) => void leftOut.set(name, { at, name, why });
    const asked = new Set<string>();
    const reader: Reader = { ini, section, base, at: section.at, asked, ...(leavesOut ? { without } : {}) };
    const processes = attemptAt(reader, errors, () =>
      readProcesses(reader, written, groupOf.get(written), kind, global),
    );
    if (processes === null) return [];
    const found = { processes, leftOut: [...leftOut.values()], asked };
    return [{ kind, name: written.trim(), at: section.at, section, ...found }];
  });
  return { definitions, groups, leftOut: everywhere, errors };
}

function noSection(file: string): IniSection {
  return { name: '', at: { file, line: 1, column: 1 }, values: new Map() };
}

function readGroup(
  ini: Ini,
  section: IniSection,
  base: Expansions,
  sections: readonly IniSection[],
): ConfiguredGroup {
  const text = (key: string, usual: string) => format(iniValue(ini, section, key)?.text ?? usual, base);
  const programs = listOfStrings(text('programs', ''));
  for (const program of programs) {
    const known = ['program', 'fcgi-program'].filter(kind =>
      sections.some(other => other.name === `${kind}:${program}`),
    );
    if (known.length === 0) throw new PythonError(`[${section.name}] names the unknown program "${program}"`);
    if (known.length > 1) throw new PythonError(`[${section.name}] names "${program}", which is two things`);
  }
  return {
    name: plainName(section.name.slice(6)),
    at: section.at,
    priority: int(text('priority', '999')),
    programs,
  };
}
