// supervisorctl's command line, and [supervisorctl] of a supervisord.conf: which server it talks to, as whom.

import { decode } from '../../supervisord/config/decode.ts';
import { emptyIni, iniValue, readIni } from '../../supervisord/config/ini.ts';
import type { Machine } from '../../supervisord/config/machine.ts';
import { searchPaths } from '../../supervisord/config/options.ts';
import { absolute, directoryOf, settled } from '../../supervisord/config/paths.ts';
import { ConfigError, expand } from '../../supervisord/config/values.ts';
import { repr } from '../../words/python.ts';
import { usageText } from './texts.ts';

export interface Options {
  readonly interactive: boolean;
  readonly prompt: string;
  readonly serverurl: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly historyFile: string | null;
  /** The action and its arguments; none: a shell. */
  readonly args: readonly string[];
}

/** How the command line ends the program before it begins. */
export class Exit extends Error {
  readonly code: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;
  constructor(code: 0 | 2, stdout: string, stderr: string) {
    super(stderr);
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

type Key = 'configuration' | 'interactive' | 'serverurl' | 'username' | 'password' | 'history_file';

interface Spelling {
  readonly short: string;
  readonly long: string;
  readonly takes: boolean;
  /** null: help. */
  readonly key: Key | null;
}

const spellings: readonly Spelling[] = [
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

/** `program` is how it was called. @throws Exit */
export function readOptions(argv: readonly string[], program: string, machine: Machine): Options {
  const usage = (message: string) => new Exit(2, '', `Error: ${message}\nFor help, use ${program} -h\n`);
  const given: Partial<Record<Key, string>> = {};
  let rest: readonly string[];
  try {
    rest = take(argv, given, program);
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
    throw error instanceof ConfigError ? usage(error.message) : error;
  }
}

/** Python's getopt.getopt: ends at the first word that is no option. @throws ConfigError, Exit for help */
function take(
  argv: readonly string[],
  given: Partial<Record<Key, string>>,
  program: string,
): readonly string[] {
  const rest = [...argv];
  const set = ({ key }: Spelling, spelled: string, text: string) => {
    if (key === null) throw new Exit(0, usageText.replace('%s', program), '');
    if (key === 'serverurl' && !/^[a-z][a-z0-9+.-]*:./i.test(text))
      throw new ConfigError(`invalid value for ${spelled} ${repr(text)}: value ${repr(text)} is not a URL`);
    if (given[key] !== undefined) throw new ConfigError(`conflicting command line option ${repr(spelled)}`);
    given[key] = text;
  };
  const found: (() => void)[] = [];
  while (rest[0]?.startsWith('-') && rest[0] !== '-') {
    const word = rest.shift() ?? '';
    if (word === '--') break;
    if (word.startsWith('--')) {
      found.push(takeLong(word.slice(2), rest, set));
      continue;
    }
    for (let letters = word.slice(1); letters !== ''; ) {
      const [letter = ''] = letters;
      letters = letters.slice(letter.length);
      const spelling = spellings.find(({ short }) => short === letter);
      if (spelling === undefined) throw new ConfigError(`option -${letter} not recognized`);
      let text = '';
      if (spelling.takes) {
        if (letters === '' && rest.length === 0) throw new ConfigError(`option -${letter} requires argument`);
        text = letters === '' ? (rest.shift() ?? '') : letters;
        letters = '';
      }
      found.push(() => set(spelling, `-${letter}`, text));
    }
  }
  for (const act of found) act();
  return rest;
}

function takeLong(
  word: string,
  rest: string[],
  set: (spelling: Spelling, spelled: string, text: string) => void,
): () => void {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const fitting = spellings.filter(({ long }) => long !== '' && long.startsWith(name));
  const spelling = fitting.find(({ long }) => long === name) ?? fitting[0];
  if (spelling === undefined) throw new ConfigError(`option --${name} not recognized`);
  if (spelling.long !== name && fitting.length > 1)
    throw new ConfigError(`option --${name} not a unique prefix`);
  const spelled = `--${spelling.long}`;
  if (!spelling.takes) {
    if (equals >= 0) throw new ConfigError(`option ${spelled} must not have an argument`);
    return () => set(spelling, spelled, '');
  }
  if (equals < 0 && rest.length === 0) throw new ConfigError(`option ${spelled} requires argument`);
  const text = equals < 0 ? (rest.shift() ?? '') : word.slice(equals + 1);
  return () => set(spelling, spelled, text);
}

/** [supervisorctl]; what the file includes is not read. @throws ConfigError */
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
