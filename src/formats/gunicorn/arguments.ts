// gunicorn's command line: from words to the keys of an app's table.

import { unknown } from './shell.ts';

export interface GunicornCall {
  /** As typed: an absolute path, or relative to the working directory. */
  readonly program: string;
  /** All words after it, as typed. */
  readonly words: readonly string[];
  /** null: the configuration file names it. */
  readonly wsgi: string | null;
  readonly options: Readonly<Partial<Record<Known, string>>>;
  /** Every --bind, in order. */
  readonly binds: readonly string[];
  /** Options without a key in hostd.toml, as they are. */
  readonly others: readonly string[];
  /** Words that are left out, with the reason. */
  readonly lost: readonly (readonly [words: string, why: string])[];
}

type Known =
  | 'name'
  | 'workers'
  | 'user'
  | 'group'
  | 'bind'
  | 'threads'
  | 'worker-class'
  | 'graceful-timeout'
  | 'chdir'
  | 'log-file';

const known: Readonly<Record<string, Known>> = {
  '-n': 'name',
  '--name': 'name',
  '-w': 'workers',
  '--workers': 'workers',
  '-u': 'user',
  '--user': 'user',
  '-g': 'group',
  '--group': 'group',
  '-b': 'bind',
  '--bind': 'bind',
  '--threads': 'threads',
  '-k': 'worker-class',
  '--worker-class': 'worker-class',
  '--graceful-timeout': 'graceful-timeout',
  '--chdir': 'chdir',
  '--log-file': 'log-file',
  '--error-logfile': 'log-file',
};

const numbers: ReadonlySet<Known> = new Set(['workers', 'threads', 'graceful-timeout'] as const);

/** What hostd does itself, so gunicorn must not. */
const notWithHostd: Readonly<Record<string, string>> = {
  '-D': 'hostd supervises gunicorn itself',
  '--daemon': 'hostd supervises gunicorn itself',
  '-p': 'hostctl pid tells it, and a reload has two of them',
  '--pid': 'hostctl pid tells it, and a reload has two of them',
};

/** Options without a value. */
const flags = new Set([
  '-D',
  '--daemon',
  '-R',
  '--enable-stdio-inheritance',
  '--preload',
  '--reload',
  '--capture-output',
  '--no-sendfile',
  '--reuse-port',
  '--check-config',
  '--print-config',
  '--disable-redirect-access-to-syslog',
  '--log-syslog',
  '--proxy-protocol',
  '--spew',
  '--initgroups',
  '--dump-config',
  '--no-control-socket',
]);

/** null: these words do not call gunicorn. A part that only a shell knows is `unknown`, and an option with such a part is lost. */
export function gunicornCall(words: readonly string[]): GunicornCall | null {
  const [program, ...rest] = words;
  if (program === undefined || !isGunicorn(program)) return null;
  const options: Partial<Record<Known, string>> = {};
  const binds: string[] = [];
  const others: string[] = [];
  const lost: (readonly [string, string])[] = [];
  let wsgi: string | null = null;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? '';
    const { option, inline } = partsOf(word);
    const isPlain = !word.startsWith('-') || word === '-';
    const takesNext = !isPlain && inline === null && !flags.has(option) && at + 1 < rest.length;
    const value = inline ?? (takesNext ? (rest[at + 1] ?? '') : null);
    const written = takesNext ? [word, rest[at + 1] ?? ''] : [word];
    if (takesNext) at++;
    const key = Object.hasOwn(known, option) ? known[option] : undefined;
    const why = Object.hasOwn(notWithHostd, option) ? notWithHostd[option] : undefined;
    if (why !== undefined) lost.push([written.join(' '), why]);
    else if (written.some(part => part.includes(unknown)))
      lost.push([
        written.join(' ').replaceAll(unknown, '...'),
        `only a running shell knows ${isPlain ? 'this word' : option}`,
      ]);
    else if (isPlain && wsgi === null) wsgi = word;
    else if (isPlain || key === undefined || value === null || (numbers.has(key) && !isCount(value)))
      others.push(...written);
    else if (key === 'bind') binds.push(value);
    else options[key] = value;
  }
  return { program, words: rest, wsgi, options, binds, others, lost };
}

export function isGunicorn(word: string): boolean {
  return /(^|\/)gunicorn3?$/.test(word);
}

/** "--name=x" and "-nx" contain their value. */
function partsOf(word: string): { readonly option: string; readonly inline: string | null } {
  const [, option = word, inline] =
    /^(--[a-z-]+)=([\s\S]*)$/.exec(word) ?? /^(-[bcwkntugmpe])([\s\S]+)$/.exec(word) ?? [];
  return { option, inline: inline ?? null };
}

function isCount(text: string): boolean {
  return /^[1-9]\d{0,6}$/.test(text);
}
