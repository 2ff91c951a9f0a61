// The texts in hostd's own log. Apps, callers and files have a part in them, and the log may be read on a terminal. So no text moves
// the cursor or ends a line, and a line is short enough for journald, which cuts a line after 48 kB (LineMax= in
// journald.conf(5)). Pure.

import { escapeJsonText } from '../../words/escape.ts';

/** The longest message, and the longest part of an error, in characters of JSON. */
const longest = 6000;
const longestPart = 3000;
/** The most characters of JSON that one character can become: \u001b is six. */
const worst = 6;

/** The same line of JSON, with everything that a terminal would obey in escapes. */
export function inertLine(line: string): string {
  return escapeJsonText(line);
}

/** The text, cut to `most`. */
export function bounded(text: string, most = longest): string {
  if (inertLine(JSON.stringify(text)).length <= most) return text;
  return `${text.slice(0, Math.floor(most / worst))}...`;
}

/** An error, for a line of the log. */
export function errorParts(error: unknown): { readonly [part: string]: string } {
  if (!(error instanceof Error)) return { message: bounded(String(error), longestPart) };
  const { name, message, stack = '' } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: bounded(error.code, 100) } : {};
  return {
    type: bounded(name, 100),
    message: bounded(message, longestPart),
    ...code,
    stack: bounded(stack, longestPart),
  };
}
