// The configuration file and those that it includes, as one, and access to its values.

import type { Names } from '../../words/python.ts';
import { repr } from '../../words/python.ts';
import { decode } from './decode.ts';
import { blanks, emptyIni, type Ini, type IniError, iniValue, readIni, replaceHere } from './ini.ts';
import type { Machine } from './machine.ts';
import { absolute, directoryOf, glob, joined } from './paths.ts';
import { ConfigError, expand } from './values.ts';

export interface Parser {
  readonly ini: Ini;
  readonly machine: Machine;
  /** The configuration's own file, as it was named. */
  readonly file: string;
  /** Its directory. */
  readonly here: string;
  /** Names for values: ENV_X. [supervisord]'s environment adds to them. */
  readonly names: Record<string, string | number>;
  /** The included file that a section was first seen in. Other sections are in the main file. */
  readonly files: ReadonlyMap<string, string>;
  readonly warnings: string[];
  readonly infos: string[];
}

/** Reads the file and what it includes. @throws ConfigError */
export function parseFiles(file: string, machine: Machine, names: Record<string, string | number>): Parser {
  if (!machine.exists(file)) throw new ConfigError(`could not find config file ${file}`);
  const bytes = machine.read(file);
  if (bytes === null) throw new ConfigError(`could not read config file ${file}`);
  const here = absolute(directoryOf(file), machine);
  const ini = emptyIni();
  const files = new Map<string, string>();
  const parser: Parser = { ini, machine, file, here, names, files, warnings: [], infos: [] };
  refuse(readIni(decode(bytes), file, ini), file);
  if (ini.sections.has('include')) include(parser, files);
  return parser;
}

function include(parser: Parser, files: Map<string, string>): void {
  const { ini, machine, here, file, warnings, infos } = parser;
  replaceHere(ini, here);
  const section = ini.sections.get('include');
  const written = section && iniValue(ini, section, 'files')?.text;
  if (written === undefined) throw new ConfigError('.ini file has [include] section, but no files setting');
  const names = { here, host_node_name: machine.hostName, ...parser.names };
  const patterns = expand(written, names, 'include.files').split(blanks).filter(Boolean);
  const base = directoryOf(absolute(file, machine));
  for (const one of patterns) {
    const pattern = joined(base, one);
    const found = glob(pattern, machine);
    if (found.length === 0) warnings.push(`No file matches via include "${pattern}"`);
    for (const path of found) {
      infos.push(`Included extra file "${path}" during parsing`);
      const before = new Set(ini.sections.keys());
      const bytes = machine.read(path);
      // A file that cannot be read is ignored.
      if (bytes !== null) refuse(readIni(decode(bytes), path, ini), path);
      for (const name of ini.sections.keys()) if (!before.has(name)) files.set(name, path);
      replaceHere(ini, absolute(directoryOf(path), machine));
    }
  }
}

/** configparser's ParsingError and MissingSectionHeaderError. */
function refuse(errors: readonly IniError[], file: string): void {
  const [first] = errors;
  if (first === undefined) return;
  if (first.kind === 'no-section')
    throw new ConfigError(
      `File contains no section headers.\nfile: ${repr(file)}, line: ${first.at.line}\n${repr(first.source ?? '')}`,
    );
  const lines = errors.map(
    ({ at, source = '' }) => `\n\t[line ${String(at.line).padStart(2)}]: ${repr(source)}`,
  );
  throw new ConfigError(`Source contains parsing errors: ${repr(file)}${lines.join('')}`);
}

/** A value as it is written, or null. */
export function written(parser: Parser, section: string, key: string): string | null {
  const found = parser.ini.sections.get(section);
  return found === undefined ? null : (iniValue(parser.ini, found, key)?.text ?? null);
}

/** A value with its names expanded. `own`: more names. null: there is no such key. */
export function value(parser: Parser, section: string, key: string, own: Names): string | null {
  const text = written(parser, section, key);
  return text === null ? null : expand(text, { ...parser.names, ...own }, `${section}.${key}`);
}

/** Keys of a section, those of [DEFAULT] included. */
export function keysOf({ ini }: Parser, section: string): readonly string[] {
  return [...new Set([...(ini.sections.get(section)?.values.keys() ?? []), ...ini.defaults.keys()])];
}
