// Reads a shell script as far as possible without running it: its commands, in which variables are replaced by the values that were
// assigned before. Knows no command's meaning.

import { posix } from 'node:path';
import { calculate } from './arithmetic.ts';
import { Flow, type ShellCommand } from './flow.ts';

export type { ShellCommand };

/** Stands for a part that only a running shell knows. No word of a script has this character. */
export const unknown = '\0';

/** Values of the variables so far; null: the variable has an unknown value. */
export type Variables = Map<string, string | null>;

/** The commands in order. `variables` gets what they assign. */
export function shellCommands(text: string, variables: Variables): readonly ShellCommand[] {
  return [...readShell(text, variables)];
}

/** The same, one after the other. The caller may add to `variables` in between. */
export function* readShell(text: string, variables: Variables): Generator<ShellCommand> {
  const reader = new Reader(text, variables);
  const flow = new Flow();
  for (let read = reader.next(); read !== null; read = reader.next()) {
    const command = flow.enter(read);
    if (command === null) continue;
    for (const { name, value } of assignedBy(command))
      variables.set(name, command.conditional && variables.get(name) !== value ? null : value);
    yield command;
  }
}

/** Commands that assign what follows them. */
export const declarations = new Set(['export', 'declare', 'typeset', 'local', 'readonly']);

/** The variables that a command leaves assigned. */
export function assignedBy({ words, parts, assignments }: ShellCommand): ShellCommand['assignments'] {
  if (words.length === 0) return assignments;
  if (!declarations.has(words[0] ?? '')) return [];
  return parts.slice(1).flatMap(part => {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(part) ?? [];
    return name === undefined ? [] : [{ name, value: value.includes(unknown) ? null : value }];
  });
}

/** Variables that scripts add to, and that are usually empty. */
const extended = new Set(['PYTHONPATH', 'PATH', 'LD_LIBRARY_PATH']);

interface Word {
  /** With `unknown` for parts that are not known. */
  text: string;
  /** Whether it is an unquoted value of a variable, whose blanks separate words. */
  splits: boolean;
  /** Whether it is "$@": the script gets no arguments. */
  vanishes: boolean;
}

/** Commands within commands. Nobody writes more. */
const deepest = 16;

class Reader {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;
  #after = '';
  readonly #depth: number;

  constructor(text: string, variables: Variables, depth = 0) {
    this.#depth = depth;
    this.#text = text.replaceAll('\r\n', '\n');
    this.#variables = variables;
  }

  next(): ShellCommand | null {
    const words: Word[] = [];
    const redirections: string[] = [];
    let start = -1;
    let after = this.#after;
    for (;;) {
      this.#skipBlanks();
      const char = this.#text.charAt(this.#at);
      const isEmpty = words.length === 0 && redirections.length === 0;
      if (char === '' && isEmpty) return null;
      const redirection = this.#redirection();
      if (redirection !== null) {
        if (start < 0) start = redirection.start;
        redirections.push(redirection.text);
        continue;
      }
      const separator = /^(&&|\|\||;;?|[\n&|()])/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
      if (char === '' || separator !== undefined) {
        const end = this.#at;
        this.#at += separator?.length ?? 0;
        this.#after = separator === '\n' ? '' : (separator ?? '');
        if (separator === '\n') this.#skipHereDocuments();
        if (!isEmpty) return this.#command(words, redirections, { start, end, after });
        if (separator === undefined) return null;
        after = this.#after;
        continue;
      }
      if (char === '#') this.#at = this.#endOfLine();
      else {
        if (start < 0) start = this.#at;
        words.push(this.#word());
      }
    }
  }

  /** "2>&1", ">> FILE", "<< END"; null: no redirection begins here. */
  #redirection(): { readonly start: number; readonly text: string } | null {
    const found = /^(?:\d+|&)?(?:<<<|<<-?|<>|<&|>>|>&|>\||&>>|&>|<|>)/.exec(
      this.#text.slice(this.#at, this.#at + 12),
    );
    if (found === null) return null;
    const start = this.#at;
    this.#at += found[0].length;
    this.#skipBlanks();
    const target = /^[\n;&|()]?$/.test(this.#text.charAt(this.#at)) ? '' : this.#word().text;
    const document = /<<(-?)$/.exec(found[0]);
    if (document !== null) this.#documents.push({ end: target, tabs: document[1] === '-' });
    return { start, text: `${found[0]}${/[&]$/.test(found[0]) ? '' : ' '}${target}` };
  }

  readonly #documents: { readonly end: string; readonly tabs: boolean }[] = [];

  /** The lines of here-documents are text, not commands. */
  #skipHereDocuments(): void {
    for (const { end, tabs } of this.#documents.splice(0))
      while (this.#at < this.#text.length) {
        const line = this.#text.slice(this.#at, this.#endOfLine());
        this.#at = Math.min(this.#text.length, this.#endOfLine() + 1);
        if ((tabs ? line.replace(/^\t+/, '') : line) === end) break;
      }
  }

  #command(words: readonly Word[], redirections: readonly string[], span: Span): ShellCommand {
    const assignments: { name: string; value: string | null }[] = [];
    const rest = [...words];
    for (let word = rest[0]; word !== undefined; word = rest[0]) {
      const [, name, value = ''] = /^([A-Za-z_]\w*)\+?=([\s\S]*)$/.exec(word.text) ?? [];
      if (name === undefined) break;
      const isKnown = !value.includes(unknown) && !word.text.startsWith(`${name}+`);
      assignments.push({ name, value: isKnown ? value : null });
      rest.shift();
    }
    const parts = rest
      .filter(({ vanishes }) => !vanishes)
      .flatMap(word => (word.splits ? word.text.split(/[ \t\n]+/).filter(Boolean) : [word.text]));
    return {
      line: this.#lineOf(span.start),
      text: this.#text
        .slice(span.start, span.end)
        .replace(/\s*\\\n\s*/g, ' ')
        .trim(),
      assignments,
      words: parts.map(part => (part.includes(unknown) ? null : part)),
      parts,
      redirections,
      after: span.after,
      conditional: false,
    };
  }

  #counted = { at: 0, line: 1 };

  /** The line of an index. Each call asks for the same index as the last one, or a later one. */
  #lineOf(at: number): number {
    const lines = this.#text.slice(this.#counted.at, at).split('\n').length - 1;
    this.#counted = { at, line: this.#counted.line + lines };
    return this.#counted.line;
  }

  #skipBlanks(): void {
    while (/^(?:[^\S\n]|\\\n)/.test(this.#text.slice(this.#at, this.#at + 2)))
      this.#at += this.#text.charAt(this.#at) === '\\' ? 2 : 1;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #word(): Word {
    const all = /^(?:"\$@"|\$[@*])(?=[\s;&|()]|$)/.exec(this.#text.slice(this.#at, this.#at + 6));
    if (all !== null) {
      this.#at += all[0].length;
      return { text: '', splits: false, vanishes: true };
    }
    const word: Word = { text: '', splits: false, vanishes: false };
    const add = (value: string | null) => {
      word.text += value ?? unknown;
    };
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '' || /[\s;&|()<>]/.test(char)) return word;
      if (char === '\\') {
        if (this.#text.charAt(this.#at + 1) !== '\n') add(this.#text.charAt(this.#at + 1));
        this.#at += 2;
      } else if (char === "'") {
        const end = this.#text.indexOf("'", this.#at + 1);
        add(end < 0 ? null : this.#text.slice(this.#at + 1, end));
        this.#at = end < 0 ? this.#text.length : end + 1;
      } else if (char === '"') this.#quoted(add);
      else if (char === '$' || char === '`') {
        const value = this.#expansion();
        const isAssignment = /^[A-Za-z_]\w*=/.test(word.text);
        if (value !== null && /\s/.test(value) && !isAssignment) word.splits = true;
        add(value);
      } else {
        add(char);
        this.#at++;
      }
    }
  }

  #quoted(add: (value: string | null) => void): void {
    this.#at++;
    for (;;) {
      const char = this.#text.charAt(this.#at);
      const next = this.#text.charAt(this.#at + 1);
      if (char === '' || char === '"') {
        if (char === '') add(null);
        this.#at++;
        return;
      }
      if (char === '\\' && /["\\$`\n]/.test(next)) {
        if (next !== '\n') add(next);
        this.#at += 2;
      } else if (char === '$' || char === '`') add(this.#expansion());
      else {
        add(char);
        this.#at++;
      }
    }
  }

  /** $X, ${X}, ${X:-Y}, $(dirname X), $(basename X), $((1 + 2)); null: only a shell knows the value. */
  #expansion(): string | null {
    const rest = this.#text.slice(this.#at);
    const name = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?[-=]([^{}$`]*))?\})/.exec(rest);
    if (name !== null) {
      this.#at += name[0].length;
      const known = this.#variables.get(name[1] ?? name[2] ?? '');
      if (known === undefined) return name[3] ?? (extended.has(name[1] ?? name[2] ?? '') ? '' : null);
      return known === '' && name[3] !== undefined ? name[3] : known;
    }
    // The script's own name.
    const self = /^\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})/.exec(rest);
    if (self !== null) {
      this.#at += self[0].length;
      return this.#variables.get('0') ?? null;
    }
    if (rest.startsWith('$(')) {
      const inner = this.#bracketed();
      return inner.startsWith('(') && inner.endsWith(')')
        ? calculate(inner.slice(1, -1), this.#variables)
        : this.#substitution(inner);
    }
    const quoted = /^`([^`]*)`/.exec(rest);
    if (quoted !== null) {
      this.#at += quoted[0].length;
      return this.#substitution(quoted[1] ?? '');
    }
    const other = /^\$(?:\{[^}]*\}|.?)/.exec(rest)?.[0] ?? '$';
    this.#at += other.length;
    return other === '$' ? '$' : null;
  }

  /** The text between "$(" and its closing bracket. */
  #bracketed(): string {
    const start = this.#at + 2;
    let depth = 1;
    for (this.#at = start; this.#at < this.#text.length && depth > 0; this.#at++) {
      const char = this.#text.charAt(this.#at);
      depth += char === '(' ? 1 : char === ')' ? -1 : 0;
    }
    return this.#text.slice(start, depth === 0 ? this.#at - 1 : this.#at);
  }

  #substitution(text: string): string | null {
    if (this.#depth > deepest) return null;
    const reader = new Reader(text, this.#variables, this.#depth + 1);
    const [program, path, ...more] = (reader.next()?.words ?? []).filter(word => word !== '--');
    const then = reader.next()?.words[0];
    if (program === 'pwd' && then === undefined) return this.#variables.get('PWD') ?? null;
    if (path === undefined || path === null || path === '' || more.length > 0) return null;
    // $(cd "$(dirname "$0")" && pwd)
    if (program === 'cd') return then === 'pwd' && path.startsWith('/') ? normal(path) : null;
    if (then !== undefined) return null;
    if (program === 'realpath') return path.startsWith('/') ? normal(path) : null;
    if (program === 'dirname') return path.includes('/') ? path.replace(/\/+[^/]*\/*$/, '') || '/' : '.';
    return program === 'basename' ? (path.replace(/\/+$/, '').split('/').at(-1) ?? '') : null;
  }
}

function normal(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, '$1');
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly after: string;
}
