// gunicorn's command line: from words to what an app's table says.

export interface GunicornCall {
  /** As typed: an absolute path, or relative to the working directory. */
  readonly program: string;
  readonly wsgi: string;
  readonly options: Readonly<Partial<Record<Known, string>>>;
  /** Options that hostd has no key for, as they are. */
  readonly others: readonly string[];
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
]);

/** null: these words do not call gunicorn. */
export function gunicornCall(words: readonly string[]): GunicornCall | null {
  const [program, ...rest] = words;
  if (program === undefined || !/(^|\/)gunicorn$/.test(program)) return null;
  const options: Partial<Record<Known, string>> = {};
  const others: string[] = [];
  let wsgi: string | null = null;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? '';
    const [, long = word, inline] =
      /^(--[a-z-]+)=([\s\S]*)$/.exec(word) ?? /^(-[nwugbk])(.+)$/.exec(word) ?? [];
    const key = Object.hasOwn(known, long) ? known[long] : undefined;
    const value = inline ?? rest[at + 1];
    if (key !== undefined && value !== undefined) {
      options[key] = value;
      if (inline === undefined) at++;
    } else if (!word.startsWith('-')) {
      if (wsgi === null) wsgi = word;
      else others.push(word);
    } else if (inline !== undefined || flags.has(word) || value === undefined) others.push(word);
    else {
      others.push(word, value);
      at++;
    }
  }
  return wsgi === null ? null : { program, wsgi, options, others };
}
