// From Supervisor's files to drafts: its programs, and what hostd cannot express.

import { dirname, isAbsolute, join } from 'node:path';
import { withoutUse } from '../../config/toml/keys.ts';
import type { Problem } from '../../model/problem.ts';
import { ownKeys } from '../../model/supervision.ts';
import {
  emptyIni,
  type Ini,
  type IniError,
  type IniSection,
  type IniValue,
  readIni,
  replaceHere,
} from '../../supervisord/config/ini.ts';
import { format, PythonError } from '../../words/python.ts';
import type { Draft, Remark } from '../draft.ts';
import type { Read, ReadContext, SourceText } from '../format.ts';
import { type Configured, configured, type Definition, type LeftOut } from './config.ts';
import type { Expansions } from './process.ts';

export function looksLikeSupervisor(text: string): boolean {
  const first = text.split('\n').find(line => !/^\s*([;#]|$)/.test(line));
  return /^\s*\[[^\]]+\]/.test(first ?? '');
}

/** Supervisor's own result_handler. */
const usualHandler = 'supervisor.dispatchers:default_handler';

/** Sections about Supervisor itself, which say nothing of programs. */
const ownSections =
  /^(supervisord|unix_http_server|inet_http_server|supervisorctl|include|rpcinterface|ctlplugin)\b/;

export function readSupervisor(sources: readonly SourceText[], around: ReadContext): Read {
  const { ini, texts, errors, expansions } = gather(sources, around);
  const main = sources[0]?.file ?? '/';
  const { definitions, groups, leftOut, errors: wrong } = configured(ini, expansions, main, around.unknown);
  const problems = [
    ...errors.map(
      (error): Problem => refusal(error, 'cannot use this file', 'supervisord would refuse it too'),
    ),
    ...wrong.map(
      (error): Problem =>
        refusal(
          error,
          'cannot import',
          error.message.includes('its own environment')
            ? `the value itself in place of it: ${lineAt(texts, error.at.file, error.at.line)}`
            : 'supervisord would refuse it too',
        ),
    ),
    ...leftOut.map(notKnown),
    ...definitions.flatMap(definition => definition.leftOut.map(notKnown)),
  ];
  const drafts = definitions.flatMap((definition): readonly Draft[] => {
    const { kind, name, at, processes } = definition;
    const group = groups.find(group => group.programs.includes(name)) ?? null;
    const remarks = remarksOn(definition, texts);
    const completed = processes.map(process => withDefaults(process, ini));
    return kind === 'fcgi-program'
      ? remarks
      : [{ kind: 'program', name, at, group, processes: completed }, ...remarks];
  });
  return { drafts: [...drafts, ...sharedRemarks(ini, texts), ...otherSections(ini, texts)], problems };
}

function refusal({ at, message }: IniError, what: string, hint: string): Problem {
  return { severity: 'error', at, message: `${what}: ${message}`, ...(hint === '' ? {} : { hint }) };
}

/** The importing user has other variables than Supervisor had. Neither a wrong value nor a secret of theirs must get in. */
function notKnown({ at, name, why }: LeftOut): Problem {
  return {
    severity: 'warning',
    at,
    message: `environment: ${name} is left out: ${why}`,
    hint: `${name} = "..." in the table of its variables`,
  };
}

/** The files and what they include, as one. */
function gather(sources: readonly SourceText[], around: ReadContext) {
  const ini = emptyIni();
  const errors: IniError[] = [];
  const texts = new Map<string, string>();
  const names = Object.entries(around.environment).map(([name, value]) => [`ENV_${name}`, value]);
  const expansions: Expansions = { host_node_name: around.machineName, ...Object.fromEntries(names) };
  const add = ({ file, text }: SourceText, isIncluded: boolean) => {
    texts.set(file, text);
    errors.push(...readIni(text, file, ini));
    // A replacement in the text, not an expansion, and only where there are includes.
    if (isIncluded || ini.sections.has('include')) replaceHere(ini, dirname(file));
  };
  for (const source of sources) {
    const before = ini.sections.get('include');
    const already = before?.values.get('files');
    add(source, sources.length > 1);
    const include = ini.sections.get('include');
    const files = include?.values.get('files');
    if (include !== undefined && files === undefined)
      errors.push({ at: include.at, message: '[include] has no files' });
    if (files !== undefined && files !== already)
      for (const included of includedBy(files, source.file, around, expansions, errors)) add(included, true);
  }
  return { ini, texts, errors, expansions };
}

function includedBy(
  files: IniValue,
  main: string,
  around: ReadContext,
  expansions: Expansions,
  errors: IniError[],
): readonly SourceText[] {
  try {
    const patterns = format(files.text, { ...expansions, here: dirname(main) })
      .split(/\s+/)
      .filter(Boolean);
    return patterns.flatMap(pattern =>
      around.include(isAbsolute(pattern) ? pattern : join(dirname(main), pattern)),
    );
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    errors.push({ at: files.at, message: error.message });
    return [];
  }
}

/** The user and umask of [supervisord] hold for every program without its own. */
function withDefaults(process: Definition['processes'][number], ini: Ini): Definition['processes'][number] {
  const values = ini.sections.get('supervisord')?.values;
  const umask = values?.get('umask')?.text;
  return {
    ...process,
    user: process.user ?? values?.get('user')?.text ?? null,
    umask:
      process.umask ?? (umask !== undefined && /^[0-7]+$/.test(umask) ? Number.parseInt(umask, 8) : null),
    directory: process.directory ?? values?.get('directory')?.text ?? null,
  };
}

function remarksOn(
  { kind, name, section, processes, asked }: Definition,
  texts: ReadonlyMap<string, string>,
): readonly Remark[] {
  const about = (key: string, value: { at: IniSection['at'] }, why: string, harmless = false): Remark => ({
    kind: 'remark',
    at: value.at,
    why,
    line: lineAt(texts, value.at.file, value.at.line) || key,
    of: name,
    ...(harmless ? { harmless: true } : {}),
  });
  if (kind === 'fcgi-program') {
    const why = 'hostd has no FastCGI';
    return [
      about(section.name, section, why),
      ...[...section.values].map(([key, value]) => about(key, value, why)),
    ];
  }
  return [...section.values].flatMap(([key, value]) => {
    // With numprocs = 0 there is no process, and no key is read.
    if (asked.has(key) || processes.length === 0) return [];
    if (kind === 'eventlistener' && key === 'result_handler')
      return value.text === usualHandler ? [] : [about(key, value, 'hostd wants OK of each listener')];
    const plain = Object.hasOwn(withoutUse, key) ? withoutUse[key] : undefined;
    if (plain !== undefined && /^(0|false|no|off|auto)$/i.test(value.text)) return [];
    const own = ownKeys.has(key) ? "Supervisor ignores it; it is a key of hostd's own" : null;
    return [about(key, value, plain ?? own ?? 'Supervisor ignores it too', plain === undefined)];
  });
}

/** What Supervisor hands down to its programs, besides user, umask, directory and environment. */
function sharedRemarks(ini: Ini, texts: ReadonlyMap<string, string>): readonly Remark[] {
  const values = ini.sections.get('supervisord')?.values ?? new Map<string, IniValue>();
  const shared: readonly (readonly [key: string, isUsual: RegExp, why: string])[] = [
    ['minfds', /^(\d{1,3}|10[01]\d|102[0-4])$/, 'limits = { nofile = ... } of each program'],
    ['minprocs', /^(\d{1,2}|1\d\d|200)$/, 'limits = { nproc = ... } of each program'],
    ['strip_ansi', /^(0|false|no|off)$/i, 'strip_ansi = true of each program'],
  ];
  return shared.flatMap(([key, isUsual, why]) => {
    const value = values.get(key);
    if (value === undefined || isUsual.test(value.text)) return [];
    const line = lineAt(texts, value.at.file, value.at.line) || key;
    return [{ kind: 'remark' as const, at: value.at, why, line, of: null }];
  });
}

/** Sections that are neither programs nor Supervisor's own. */
function otherSections(ini: Ini, texts: ReadonlyMap<string, string>): readonly Remark[] {
  return [...ini.sections.values()]
    .filter(
      ({ name }) => !ownSections.test(name) && !/^(program|eventlistener|fcgi-program|group):/.test(name),
    )
    .flatMap(section =>
      [section, ...section.values.values()].map(({ at }) => ({
        kind: 'remark' as const,
        at,
        why: 'Supervisor ignores this section too',
        line: lineAt(texts, at.file, at.line),
        of: null,
        harmless: true as const,
      })),
    );
}

function lineAt(texts: ReadonlyMap<string, string>, file: string, line: number): string {
  return (texts.get(file)?.split(/\r\n|\r|\n/)[line - 1] ?? '').trim();
}

/** The processes of one text, and Supervisor's reasons to refuse it, for a comparison with Supervisor's own parser. */
export function configuredIn(text: string, file: string): Configured {
  const around = { include: () => [], environment: {}, machineName: 'host' };
  const { ini, errors, expansions } = gather([{ file, text }], around);
  const found = configured(ini, expansions, file);
  return { ...found, errors: [...errors, ...found.errors] };
}
