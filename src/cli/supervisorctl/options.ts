// supervisorctl's command line, and [supervisorctl] of a supervisord.conf: which server it talks to, as whom.

import { decode } from '../../supervisord/config/decode.ts';
import { emptyIni, iniValue, readIni } from '../../supervisord/config/ini.ts';
import type { Machine } from '../../supervisord/config/machine.ts';
import { Exit, searchPaths, usage } from '../../supervisord/config/options.ts';
import { absolute, directoryOf, settled } from '../../supervisord/config/paths.ts';
import { ConfigError, expand } from '../../supervisord/config/values.ts';
import { GetoptError, getopt, type Spelling } from '../../words/getopt.ts';
import { repr } from '../../words/python.ts';
import { usageText } from './texts.ts';

export interface Options {
  readonly interactive: boolean;
  readonly prompt: string;
  readonly serverurl: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly historyFile: string | null;
  /** The action and its arguments; empty: a shell. */
  readonly args: readonly string[];
}

type Key = 'configuration' | 'interactive' | 'serverurl' | 'username' | 'password' | 'history_file';

interface Option extends Spelling {
  /** null: help. */
  readonly key: Key | null;
}

const options: readonly Option[] = [
  { short: 'h', long: 'help', takes: false, key: null },
  { short: '?', long: '', takes: false, key: null },
  { short: 'c', long: 'configuration', takes: true, key: 'configuration' },
  { short: 'i', long: 'interactive', takes: false, key: 'interactive' },
  { short: 's', long: 'serverurl', takes: true, key: 'serverurl' },
  { short: 'u', long: 'username', takes: true, key: 'username' },
  { short: 'p', long: 'password', takes: true, key: 'password' },
  { short: 'r', long: 'history_file', takes: true, key: 'history_file' },
];

const defaultUrl = 'http://localhost:9001';

/** `program`: the name that it was called by. @throws Exit */
export function readOptions(argv: readonly string[], program: string, machine: Machine): Options {
  try {
    const { given, rest } = take(argv, program);
    const file = given.configuration ?? searchPaths(program).find(path => machine.exists(path));
    const section = file === undefined ? {} : readSection(file, machine);
    return {
      interactive: given.interactive !== undefined || rest.length === 0,
      prompt: section.prompt ?? 'supervisor',
      serverurl: given.serverurl ?? section.serverurl ?? defaultUrl,
      username: given.username ?? section.username ?? null,
      password: given.password ?? section.password ?? null,
      historyFile: given.history_file ?? section.history_file ?? null,
      args: rest,
    };
  } catch (error) {
    throw error instanceof ConfigError || error instanceof GetoptError
      ? usage(error.message, program)
      : error;
  }
}

/** @throws GetoptError, ConfigError, Exit for help */
function take(
  argv: readonly string[],
  program: string,
): { readonly given: Partial<Record<Key, string>>; readonly rest: readonly string[] } {
  const { cuts, rest } = getopt(argv, options);
  const given: Partial<Record<Key, string>> = {};
  for (const {
    option: { key },
    spelled,
    text,
  } of cuts) {
    if (key === null) throw new Exit(0, usageText.replace('%s', program), '');
    if (key === 'serverurl' && !/^[a-z][a-z0-9+.-]*:./i.test(text))
      throw new ConfigError(`invalid value for ${spelled} ${repr(text)}: value ${repr(text)} is not a URL`);
    if (given[key] !== undefined) throw new ConfigError(`conflicting command line option ${repr(spelled)}`);
    given[key] = text;
  }
  return { given, rest };
}

/** Reads [supervisorctl] of the file itself, not of those that it includes. @throws ConfigError */
function readSection(
  file: string,
  machine: Machine,
): {
  readonly [K in 'serverurl' | 'prompt' | 'username' | 'password' | 'history_file']?: string | undefined;
} {
  const path = settled(file, machine);
  if (!machine.exists(file)) throw new ConfigError(`could not find config file ${file}`);
  const bytes = machine.read(file);
  if (bytes === null) throw new ConfigError(`could not read config file ${file}`);
  const ini = emptyIni();
  const [error] = readIni(decode(bytes), file, ini);
  if (error !== undefined) throw new ConfigError(error.message);
  const section = ini.sections.get('supervisorctl');
  if (section === undefined) throw new ConfigError('.ini file does not include supervisorctl section');
  const names = Object.fromEntries(
    Object.entries(machine.environment).map(([name, text]) => [`ENV_${name}`, text]),
  );
  const here = directoryOf(path);
  const value = (key: string, own: Record<string, string> = {}) => {
    const text = iniValue(ini, section, key)?.text;
    return text === undefined ? undefined : expand(text, { ...names, ...own }, `supervisorctl.${key}`);
  };
  const url = value('serverurl', { here });
  const history = value('history_file', { here });
  return {
    serverurl: url?.startsWith('unix://') ? `unix://${settled(url.slice(7), machine)}` : url,
    prompt: value('prompt'),
    username: value('username'),
    password: value('password'),
    history_file: history ? absolute(settled(history, machine), machine) : undefined,
  };
}
