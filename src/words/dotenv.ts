// .env as python-dotenv reads it (load_dotenv of 1.2, without override), which is what Django projects are written for: quotes,
// escapes, "export", lines within quotes, "#" as a comment only after a blank, ${NAME} and ${NAME:-default}. Pure.

export interface DotEnv {
  readonly values: Readonly<Record<string, string>>;
  /** Numbers of the lines, from 1, in which something cannot be read. The rest of such a line is skipped. */
  readonly mistakes: readonly number[];
}

// White space as Python has it, without the ends of lines.
const blank = '[\\t\\v\\f \\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const isBlank = new RegExp(blank);
const tokens = {
  space: new RegExp(`(?:${blank}|[\\r\\n])*`, 'y'),
  blanks: new RegExp(`${blank}*`, 'y'),
  export: new RegExp(`(?:export${blank}+)?`, 'y'),
  quotedKey: /'([^']+)'/y,
  key: new RegExp(`((?:(?!${blank})[^=#\\r\\n])+)`, 'y'),
  equals: new RegExp(`(=${blank}*)`, 'y'),
  single: /'((?:\\[\s\S]|[^'\\])*)'/y,
  double: /"((?:\\[\s\S]|[^"\\])*)"/y,
  plain: /([^\r\n]*)/y,
  comment: new RegExp(`(?:${blank}*#[^\\r\\n]*)?`, 'y'),
  end: new RegExp(`${blank}*(?:\\r\\n|\\n|\\r|$)`, 'y'),
  rest: /[^\r\n]*(?:\r\n|\n|\r)?/y,
} as const;

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Reads a whole file. `env`: variables that are set already. They win, in ${...} too. */
export function parseDotEnv(text: string, env: Readonly<Record<string, string | undefined>>): DotEnv {
  const reader = new Reader(text.replace(/^\ufeff/, ''));
  const values = new Map<string, string | null>();
  const mistakes: number[] = [];
  while (!reader.isAtEnd) {
    const line = reader.line;
    const read = reader.binding();
    if (read === 'mistake') mistakes.push(line + leadingLines(reader.last));
    else if (read !== null) values.set(read.key, expanded(read.value, values, env));
  }
  const given = [...values].filter((pair): pair is [string, string] => pair[1] !== null);
  return { values: Object.fromEntries(given.filter(([name]) => name !== '__proto__')), mistakes };
}

/** Counts the empty lines at the beginning. */
function leadingLines(text: string): number {
  return linesIn(/^\s*/.exec(text)?.[0] ?? '');
}

function linesIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

interface Binding {
  readonly key: string;
  readonly value: string | null;
}

class Reader {
  readonly #text: string;
  #at = 0;
  line = 1;
  /** The text of the last binding. */
  last = '';

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** One NAME=value, or NAME alone, which unsets the variable; null: a comment or an empty line. */
  binding(): Binding | 'mistake' | null {
    const start = this.#at;
    const read = this.#read();
    if (read === 'mistake') this.#take('rest');
    this.last = this.#text.slice(start, this.#at);
    this.line += linesIn(this.last);
    return read;
  }

  #read(): Binding | 'mistake' | null {
    this.#take('space');
    if (this.isAtEnd) return null;
    this.#take('export');
    const first = this.#text.charAt(this.#at);
    const key = first === '#' ? null : this.#take(first === "'" ? 'quotedKey' : 'key');
    if (key === undefined) return 'mistake';
    this.#take('blanks');
    const value = this.#text.charAt(this.#at) === '=' ? this.#value() : null;
    if (value === undefined) return 'mistake';
    this.#take('comment');
    if (this.#take('end') === undefined) return 'mistake';
    return key === null ? null : { key, value };
  }

  /** undefined: a quote is never closed. */
  #value(): string | undefined {
    const equals = this.#take('equals') ?? '';
    const first = this.#text.charAt(this.#at);
    if (equals.length > 1 && first === '#') return '';
    if (first === "'") return this.#take('single')?.replace(/\\([\\'])/g, '$1');
    if (first === '"')
      return this.#take('double')?.replace(
        /\\([\\'"abfnrtv])/g,
        (_, letter: string) => escapes[letter] ?? letter,
      );
    return withoutComment(this.#take('plain') ?? '');
  }

  /** The text of the token's group, or ""; undefined where the token does not match. */
  #take(name: keyof typeof tokens): string | undefined {
    const token = tokens[name];
    token.lastIndex = this.#at;
    const found = token.exec(this.#text);
    if (found === null) return undefined;
    this.#at = token.lastIndex;
    return found[1] ?? '';
  }
}

/** The text before the first "#" after a blank, without blanks at its end. In steps, since a line may be long. */
function withoutComment(text: string): string {
  let end = text.length;
  for (let at = text.indexOf('#'); at !== -1; at = text.indexOf('#', at + 1))
    if (at > 0 && isBlank.test(text.charAt(at - 1))) {
      end = at;
      break;
    }
  while (end > 0 && isBlank.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function expanded(
  text: string | null,
  values: ReadonlyMap<string, string | null>,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (text === null) return null;
  return text.replace(/\$\{([^}:]*)(?::-([^}]*))?\}/g, (_, name: string, usual: string | undefined) => {
    const set = Object.hasOwn(env, name) ? env[name] : undefined;
    return set ?? (values.has(name) ? values.get(name) : usual) ?? '';
  });
}
