// nginx's configuration as nginx reads it (ngx_conf_file.c, ngx_conf_read_token): words, blocks and their places.
// The parsers on npm keep no places and accept what nginx refuses (nginx-conf: an open block, "\;"), so this one is hostd's own.
// integration/import-nginx.test.ts compares it with `nginx -t`.

import type { Place } from '../../model/problem.ts';

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** null: the directive ends in ";" and has no block. */
  readonly block: readonly Directive[] | null;
  readonly at: Place;
}

export class NginxError extends Error {
  readonly at: Place;

  constructor(at: Place, message: string) {
    super(message);
    this.at = at;
  }
}

type Token =
  | { readonly kind: 'directive'; readonly words: readonly string[]; readonly at: Place }
  | { readonly kind: 'block'; readonly words: readonly string[]; readonly at: Place }
  | { readonly kind: 'end'; readonly at: Place }
  | { readonly kind: 'close'; readonly at: Place };

/** Throws NginxError for what nginx would refuse to read. The meaning of directives is not looked at. */
export function parseNginx(text: string, file: string): readonly Directive[] {
  const tokens = new Tokens(text, file);
  return readBlock(tokens, null, 0);
}

/** Blocks within blocks. Nobody writes more. */
const deepest = 100;

function readBlock(tokens: Tokens, open: Place | null, depth: number): readonly Directive[] {
  const directives: Directive[] = [];
  for (;;) {
    const token = tokens.next();
    if (token.kind === 'end') {
      if (open !== null) throw new NginxError(open, 'this block is never closed with "}"');
      return directives;
    }
    if (token.kind === 'close') {
      if (open === null) throw new NginxError(token.at, 'a "}" without its "{"');
      return directives;
    }
    const [name = '', ...args] = token.words;
    const isCode = token.kind === 'block' && /_by_lua_block$/.test(name);
    if (isCode) tokens.skipCode(token.at);
    if (depth > deepest)
      throw new NginxError(token.at, `more than ${deepest} blocks stand within each other`);
    const block = token.kind === 'directive' ? null : isCode ? [] : readBlock(tokens, token.at, depth + 1);
    directives.push({ name, args, block, at: token.at });
  }
}

class Tokens {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  /** Words up to ";" or "{", or a "}", or the end of the text. */
  next(): Token {
    const words: string[] = [];
    let first: Place | null = null;
    let needsSpace = false;
    for (;;) {
      const at = this.#place();
      const char = this.#take();
      if (char === '') {
        if (words.length > 0) throw new NginxError(first ?? at, 'a ";" or "{" is missing at the end');
        return { kind: 'end', at };
      }
      if (needsSpace && !/[ \t\r\n;{)]/.test(char))
        throw new NginxError(at, `unexpected "${char}" after a closing quote`);
      needsSpace = false;
      if (/[ \t\r\n]/.test(char)) continue;
      if (char === ';' || char === '{') {
        if (words.length === 0) throw new NginxError(at, `unexpected "${char}"`);
        const kind = char === ';' ? 'directive' : 'block';
        return { kind, words, at: first ?? at } as const;
      }
      if (char === '}') {
        if (words.length > 0) throw new NginxError(at, 'unexpected "}": a ";" is missing before it');
        return { kind: 'close', at };
      }
      if (char === '#') {
        this.#skipLine();
        continue;
      }
      first ??= at;
      if (char === '"' || char === "'") {
        words.push(this.#quoted(char, at));
        needsSpace = true;
      } else words.push(this.#plain(char));
    }
  }

  #quoted(quote: string, at: Place): string {
    const start = this.#at;
    for (;;) {
      const char = this.#take();
      if (char === '') throw new NginxError(at, `a ${quote} is never closed`);
      if (char === '\\') this.#take();
      else if (char === quote) return unquote(this.#text.slice(start, this.#at - 1));
    }
  }

  /** A word up to a blank, ";" or "{" (but "${" is a variable). Quotes and "#" inside it are plain characters. */
  #plain(first: string): string {
    const start = this.#at - 1;
    let variable = first === '$';
    if (first === '\\') this.#take();
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '') return unquote(this.#text.slice(start));
      if (char === '{' && variable) {
        this.#take();
        continue;
      }
      if (/[ \t\r\n;{]/.test(char)) return unquote(this.#text.slice(start, this.#at));
      variable = char === '$';
      this.#take();
      if (char === '\\') this.#take();
    }
  }

  /** Skips code of another language: as many "}" as "{". */
  skipCode(at: Place): void {
    for (let depth = 1; depth > 0; ) {
      const char = this.#take();
      if (char === '') throw new NginxError(at, 'this block is never closed with "}"');
      depth += char === '{' ? 1 : char === '}' ? -1 : 0;
    }
  }

  #take(): string {
    const char = this.#text.charAt(this.#at);
    if (char !== '') this.#at++;
    if (char === '\n') {
      this.#line++;
      this.#lineStart = this.#at;
    }
    return char;
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #place(): Place {
    return { file: this.#file, line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}

function unquote(word: string): string {
  return word.replace(/\\(["'\\trn])/g, (_, char: string) => ({ t: '\t', r: '\r', n: '\n' })[char] ?? char);
}
