// What hostd's own log lines are made of: texts of apps, of callers and of files are in them, and whoever reads them may do so on a
// terminal. Nothing in a line moves a cursor or ends the line, and a line has an end. Pure.

import { escapeJsonText } from '../../words/escape.ts';

/** The longest message, in characters. */
const longest = 16_384;

/** A line of JSON that says the same, with all that a terminal would obey in escapes. */
export function inertLine(line: string): string {
  return escapeJsonText(line);
}

/** What is longer is cut. */
export function bounded(message: string): string {
  return message.length <= longest ? message : `${message.slice(0, longest)}...`;
}
