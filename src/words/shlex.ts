// Splits a command into words as a POSIX shell would, without expanding anything: Python's shlex.split(), which
// Supervisor uses for `command`.

export type Split =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Blanks separate words. '...' is literal. In "..." only \" and \\ are escapes. A backslash outside quotes keeps the next character. */
export function splitWords(text: string): Split {
  const words: string[] = [];
  let word: string | null = null;
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (isBlank(char)) {
      if (word !== null) words.push(word);
      word = null;
      at++;
    } else if (char === '\\') {
      if (at + 1 === text.length) return { ok: false, reason: 'it ends in a backslash' };
      word = (word ?? '') + text.charAt(at + 1);
      at += 2;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(text, at);
      if (quoted === null) return { ok: false, reason: `a ${char} is never closed` };
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else {
      word = (word ?? '') + char;
      at++;
    }
  }
  if (word !== null) words.push(word);
  return { ok: true, words };
}

/** The text between the quote at `start` and its partner, and the index after it. */
function readQuoted(text: string, start: number): { text: string; end: number } | null {
  const quote = text.charAt(start);
  let out = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === quote) return { text: out, end: at + 1 };
    const next = text.charAt(at + 1);
    if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
      out += next;
      at++;
    } else out += char;
  }
  return null;
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n';
}

/** The word, written so that a shell and splitWords read it as one word. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
