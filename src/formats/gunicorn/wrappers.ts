// Commands that run another command. hostd's part of them is removed, and the rest stays in front.

export interface Peeled {
  /** The words that are left: gunicorn's own, or those of something in front of it. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | null;
  readonly group: string | null;
  readonly directory: string | null;
  /** The text that a shell gets with -c. */
  readonly script: string | null;
  /** The tool that finds the virtualenv: poetry, pipenv, uv; null: none. */
  readonly finder: string | null;
  /** Files of variables that are read first. */
  readonly files: readonly string[];
  /** Words that are left out, with the reason. */
  readonly lost: readonly (readonly [words: string, why: string])[];
}

interface State {
  words: readonly string[];
  environment: Record<string, string>;
  user: string | null;
  group: string | null;
  directory: string | null;
  script: string | null;
  finder: string | null;
  files: string[];
  lost: (readonly [string, string])[];
}

/** Removes wrapper after wrapper, up to a command that is none. */
export function peel(words: readonly string[]): Peeled {
  const state: State = {
    words,
    environment: {},
    user: null,
    group: null,
    directory: null,
    script: null,
    finder: null,
    files: [],
    lost: [],
  };
  for (let rounds = 0; rounds < 32 && state.script === null; rounds++) {
    const [first = ''] = state.words;
    const name = first.slice(first.lastIndexOf('/') + 1);
    const take = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
    if (take === undefined || !take(state, state.words.slice(1), first)) break;
  }
  return state;
}

/** false: the wrapper is called in an unknown way. */
type Wrapper = (state: State, rest: readonly string[], first: string) => boolean;

const bare: Wrapper = (state, rest) => {
  state.words = rest[0] === '--' ? rest.slice(1) : rest;
  return true;
};

/** Options up to the first word that is none. `valued`: options that take the next word. */
function options(rest: readonly string[], valued: string) {
  const found: (readonly [option: string, value: string])[] = [];
  let at = 0;
  for (; at < rest.length; at++) {
    const word = rest[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (!/^-./.test(word)) break;
    const [, long, inline] = /^(--[\w-]+)=([\s\S]*)$/.exec(word) ?? [];
    const short = word.slice(0, 2);
    if (long !== undefined) found.push([long, inline ?? '']);
    else if (valued.split(' ').includes(word)) found.push([word, rest[++at] ?? '']);
    else if (!word.startsWith('--') && word.length > 2 && valued.split(' ').includes(short))
      found.push([short, word.slice(2)]);
    else found.push([word, '']);
  }
  return { found, rest: rest.slice(at) };
}

function takeVariables(state: State, words: readonly string[]): readonly string[] {
  let at = 0;
  for (; at < words.length; at++) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(words[at] ?? '') ?? [];
    if (name === undefined) break;
    state.environment[name] = value;
  }
  return words.slice(at);
}

function setUser(state: State, written: string): void {
  const [user = '', group = ''] = written.split(':');
  if (user !== '') state.user ??= user;
  if (group !== '') state.group ??= group;
}

const env: Wrapper = (state, rest) => {
  const { found, rest: more } = options(rest, '-u -C -S --unset --chdir');
  for (const [option, value] of found)
    if (option === '-C' || option === '--chdir') state.directory = value;
    else if (option === '-u' || option === '--unset')
      state.lost.push([`env ${option} ${value}`, 'hostd gives every program a clean environment']);
    else if (option !== '-i' && option !== '--ignore-environment' && option !== '-') return false;
  state.words = takeVariables(state, more[0] === '-' ? more.slice(1) : more);
  return true;
};

const sudo: Wrapper = (state, rest) => {
  const { found, rest: more } = options(rest, '-u -g --user --group');
  for (const [option, value] of found)
    if (option === '-u' || option === '--user') setUser(state, value);
    else if (option === '-g' || option === '--group') state.group ??= value;
    else if (!/^(-[EHnSi]+|--preserve-env|--set-home|--non-interactive|--login)$/.test(option)) return false;
  state.words = takeVariables(state, more);
  return true;
};

/** su - USER -c TEXT, runuser -u USER -- WORDS */
const su: Wrapper = (state, rest) => {
  let user: string | null = null;
  let script: string | null = null;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? '';
    if (word === '-c' || word === '--command') script = rest[++at] ?? '';
    else if (word === '-u') user = rest[++at] ?? '';
    else if (word === '-s' || word === '--shell') at++;
    else if (word === '--') {
      if (user === null) return false;
      setUser(state, user);
      state.words = rest.slice(at + 1);
      return true;
    } else if (!word.startsWith('-')) user ??= word;
    else if (!/^(-|-l|--login|-m|-p)$/.test(word)) return false;
  }
  if (user === null || script === null) return false;
  setUser(state, user);
  state.script = script;
  return true;
};

const asUser: Wrapper = (state, rest) => {
  const [user, ...more] = rest;
  if (user === undefined || user.startsWith('-')) return false;
  setUser(state, user);
  state.words = more;
  return true;
};

const chpst: Wrapper = (state, rest) => {
  const { found, rest: more } = options(rest, '-u -U -e -/ -n -l -L -m -d -o -p -f -c -t -C -b');
  for (const [option, value] of found)
    if (option === '-u') setUser(state, value);
    else if (option === '-C') state.directory = value;
    else if (option !== '-v' && option !== '-P')
      state.lost.push([
        `chpst ${option} ${value}`.trim(),
        option === '-e' ? 'a directory of variables: env = { ... }' : 'hostd has no word for it here',
      ]);
  state.words = more;
  return true;
};

const setpriv: Wrapper = (state, rest) => {
  const { found, rest: more } = options(rest, '');
  for (const [option, value] of found)
    if (option === '--reuid') setUser(state, value);
    else if (option === '--regid') state.group ??= value;
    else if (!['--no-new-privs', '--init-groups', '--clear-groups'].includes(option)) return false;
  state.words = more;
  return true;
};

const shell: Wrapper = (state, rest) => {
  const at = rest.findIndex(word => /^-[a-z]*c$/.test(word));
  const before = rest.slice(0, Math.max(at, 0));
  if (at < 0 || !before.every((word, index) => word.startsWith('-') || before[index - 1] === '-o'))
    return false;
  state.script = rest[at + 1] ?? '';
  return true;
};

/** python -m gunicorn, python /srv/x/bin/gunicorn */
const python: Wrapper = (state, rest, first) => {
  const isUnbuffered = rest[0] === '-u';
  const more = isUnbuffered ? rest.slice(1) : rest;
  const [word = '', module = ''] = more;
  const directory = first.includes('/') ? first.slice(0, first.lastIndexOf('/') + 1) : '';
  const isModule = word === '-m' && /^gunicorn(\.app\.wsgiapp|\.__main__)?$/.test(module);
  if (!isModule && !/(^|\/)gunicorn$/.test(word)) return false;
  if (isUnbuffered) state.environment['PYTHONUNBUFFERED'] = '1';
  state.words = isModule ? [`${directory}gunicorn`, ...more.slice(2)] : more;
  return true;
};

/** Tools that find the virtualenv themselves: "poetry run" and its kind. */
const runner: Wrapper = (state, rest, first) => {
  const name = first.slice(first.lastIndexOf('/') + 1);
  const { rest: more } = options(rest, '--directory --project -C -P -p');
  if (more[0] !== 'run') return false;
  const inner = options(more.slice(1), '--env-file --project --directory --with --python -p');
  for (const [option, value] of inner.found)
    if (option === '--env-file') state.files.push(value);
    else if (value !== '') state.lost.push([`${name} run ${option} ${value}`, 'hostd has no word for it']);
  if (name === 'pipenv') state.files.push('.env');
  state.finder = name;
  state.words = inner.rest;
  return true;
};

/** dotenv -f FILE run -- WORDS */
const dotenv: Wrapper = (state, rest) => {
  const { found, rest: more } = options(rest, '-f --file');
  if (more[0] !== 'run') return false;
  const files = found.filter(([option]) => option === '-f' || option === '--file').map(([, value]) => value);
  state.files.push(...(files.length === 0 ? ['.env'] : files));
  const inner = options(more.slice(1), '');
  state.words = inner.rest;
  return true;
};

/** conda run -p PREFIX WORDS. Only conda finds what -n names. */
const conda: Wrapper = (state, rest) => {
  if (rest[0] !== 'run') return false;
  const { found, rest: more } = options(rest.slice(1), '-n --name -p --prefix --cwd');
  const prefix = found.find(([option]) => option === '-p' || option === '--prefix')?.[1];
  state.directory = found.find(([option]) => option === '--cwd')?.[1] ?? state.directory;
  const [program = '', ...args] = more;
  if (prefix === undefined) state.finder = 'conda';
  state.words = prefix === undefined || program.includes('/') ? more : [`${prefix}/bin/${program}`, ...args];
  return true;
};

const wrappers: Readonly<Record<string, Wrapper>> = {
  exec: (state, rest) => bare(state, rest[0] === '-a' ? rest.slice(2) : rest, ''),
  command: bare,
  builtin: bare,
  nohup: bare,
  time: bare,
  env,
  sudo,
  su,
  runuser: su,
  gosu: asUser,
  'su-exec': asUser,
  setuidgid: asUser,
  's6-setuidgid': asUser,
  chpst,
  setpriv,
  bash: shell,
  sh: shell,
  dash: shell,
  zsh: shell,
  python,
  python3: python,
  pipenv: runner,
  poetry: runner,
  uv: runner,
  pdm: runner,
  hatch: runner,
  dotenv,
  conda,
  mamba: conda,
  micromamba: conda,
};

/** Whether it runs gunicorn as its child, which hostd's socket would not reach. */
export function forks(words: readonly string[]): boolean {
  return words.some(word => /(^|\/)(honcho|foreman|timeout|xvfb-run|script|watchmedo)$/.test(word));
}
