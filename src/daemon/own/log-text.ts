// What hostd's own log lines are made of: texts of apps, of callers and of files are in them, and whoever reads them may do so on a
// terminal. Nothing in a line moves a cursor or ends the line, and a line is short enough to be one for journald, too, which takes
// what comes after 48 kB for another (LineMax= in journald.conf(5)). Pure.

import { escapeJsonText } from '../../words/escape.ts';

/** The longest message, and the longest part of an error, in characters of JSON. */
const longest = 6000;
const longestPart = 3000;
/** Of a text that is too long so much is left that it is short enough whatever it has in it: \u001b is six characters. */
const worst = 6;

/** A line of JSON that says the same, with all that a terminal would obey in escapes. */
export function inertLine(line: string): string {
  return escapeJsonText(line);
}

/** What is longer is cut. */
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
