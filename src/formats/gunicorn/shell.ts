// Reads a shell script as far as it can be known without running it: its commands, with variables that were assigned
// before put in their places. Knows no command's meaning.

export interface ShellCommand {
  readonly line: number;
  /** As written, on one line. */
  readonly text: string;
  /** NAME=value in front of the command, or alone. */
  readonly assignments: readonly { readonly name: string; readonly value: string | null }[];
  /** null: the word depends on what only a running shell knows. */
  readonly words: readonly (string | null)[];
  /** What stood before it: "" at the beginning of a line, else ";", "&&", "||", "|", "&". */
  readonly after: string;
}

/** Values of the variables so far; null: it has one, but nobody knows which. */
export type Variables = Map<string, string | null>;

/** Commands in their order; `variables` grows by what they assign. */
export function shellCommands(text: string, variables: Variables): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  const reader = new Reader(text, variables);
  for (let command = reader.next(); command !== null; command = reader.next()) {
    if (command.words.length === 0)
      for (const { name, value } of command.assignments) variables.set(name, value);
    else if (command.words[0] === 'export')
      for (const word of command.words.slice(1)) {
        const found = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word ?? '');
        if (found !== null) variables.set(found[1] ?? '', found[2] ?? '');
      }
    commands.push(command);
  }
  return commands;
}

/** Variables that scripts add to, and that are empty as a rule. */
const extended = new Set(['PYTHONPATH', 'PATH', 'LD_LIBRARY_PATH']);

interface Word {
  /** Text, or null where it is not known. */
  value: string | null;
  quoted: boolean;
  /** Unquoted blanks of a variable's value part words. */
  splits: boolean;
}

class Reader {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;
  #after = '';

  constructor(text: string, variables: Variables) {
    this.#text = text.replaceAll('\r\n', '\n');
    this.#variables = variables;
  }

  next(): ShellCommand | null {
    const words: Word[] = [];
    let start = -1;
    const after = this.#after;
    for (;;) {
      this.#skipBlanks();
      const char = this.#text.charAt(this.#at);
      if (char === '' && words.length === 0) return null;
      const separator = /^(&&|\|\||;;?|[\n&|()])/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
      if (char === '' || separator !== undefined) {
        const end = this.#at;
        this.#at += separator?.length ?? 0;
        this.#after = separator === '\n' ? '' : (separator ?? '');
        if (words.length > 0) return this.#command(words, start, end, after);
        if (separator !== undefined) return this.next();
        return null;
      }
      if (char === '#') this.#at = this.#endOfLine();
      else {
        if (start < 0) start = this.#at;
        words.push(this.#word());
      }
    }
  }

  #command(words: readonly Word[], start: number, end: number, after: string): ShellCommand {
    const assignments: { name: string; value: string | null }[] = [];
    const rest = [...words];
    for (let word = rest[0]; word !== undefined; word = rest[0]) {
      const found = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word.value ?? this.#unknownAssignment(word) ?? '');
      if (found === null) break;
      assignments.push({ name: found[1] ?? '', value: word.value === null ? null : (found[2] ?? '') });
      rest.shift();
    }
    return {
      line: this.#text.slice(0, start).split('\n').length,
      text: this.#text
        .slice(start, end)
        .replace(/\s*\\\n\s*/g, ' ')
        .trim(),
      assignments,
      words: rest.flatMap(word =>
        word.splits && word.value !== null ? word.value.split(/[ \t\n]+/).filter(Boolean) : [word.value],
      ),
      after,
    };
  }

  #unknown = new WeakMap<Word, string>();

  #unknownAssignment(word: Word): string | undefined {
    return this.#unknown.get(word);
  }

  #skipBlanks(): void {
    while (/^(?:[ \t]|\\\n)/.test(this.#text.slice(this.#at, this.#at + 2)))
      this.#at += this.#text.charAt(this.#at) === '\\' ? 2 : 1;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #word(): Word {
    const word: Word = { value: '', quoted: false, splits: false };
    const add = (value: string | null) => {
      if (value === null && word.value !== null && word.value !== '') this.#unknown.set(word, word.value);
      word.value = value === null || word.value === null ? null : word.value + value;
    };
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '' || /[\s;&|()]/.test(char)) return word;
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
        const isAssignment = /^[A-Za-z_]\w*=/.test(word.value ?? '');
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

  /** $X, ${X}, ${X:-Y}, $(dirname X), $(basename X); null for what only a shell knows. */
  #expansion(): string | null {
    const rest = this.#text.slice(this.#at);
    const name = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^{}$`]*))?\})/.exec(rest);
    if (name !== null) {
      this.#at += name[0].length;
      const known = this.#variables.get(name[1] ?? name[2] ?? '');
      if (known === undefined) return name[3] ?? (extended.has(name[1] ?? name[2] ?? '') ? '' : null);
      return known === '' && name[3] !== undefined ? name[3] : known;
    }
    const substitution = /^(?:\$\(([^()]*)\)|`([^`]*)`)/.exec(rest);
    if (substitution !== null) {
      this.#at += substitution[0].length;
      const inner = new Reader(substitution[1] ?? substitution[2] ?? '', this.#variables).next();
      const [program, path, ...more] = inner?.words ?? [];
      if (path === undefined || path === null || more.length > 0) return null;
      if (program === 'dirname') return path.includes('/') ? path.replace(/\/+[^/]*\/*$/, '') || '/' : '.';
      return program === 'basename' ? (path.replace(/\/+$/, '').split('/').at(-1) ?? '') : null;
    }
    const other = /^\$(?:\{[^}]*\}|.?)/.exec(rest)?.[0] ?? '$';
    this.#at += other.length;
    return other === '$' ? '$' : null;
  }
}
