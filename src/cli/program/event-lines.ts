// Events as hostctl prints them, one line each. Pure: text in, text out.

import { decodeEvent, type JournalEvent, whatOf } from '../../protocol/journal.ts';
import { escapeJsonText, escapeLine } from '../../words/escape.ts';
import { localTime } from '../../words/timestamp.ts';

const red = '\x1b[31m';
const yellow = '\x1b[33m';
const green = '\x1b[32m';
const plain = '\x1b[0m';
/** Widths in characters. Longer names and words push the rest to the right. */
const nameWidth = 20;
const whatWidth = 15;

/** "2026-11-28 03:04:05  hello                BACKOFF          exited too quickly (exit status 1)". */
function eventLine(event: JournalEvent, hasColours: boolean): string {
  const { time, name, cause, repeated } = event;
  const what = escapeLine(whatOf(event)).padEnd(whatWidth);
  const more = repeated === undefined ? '' : ` (and ${repeated} like it before)`;
  const words = `${escapeLine(cause)}${more}`.trim();
  const colour = hasColours ? colourOf(event) : '';
  const shown = colour === '' ? what : `${colour}${what}${plain}`;
  return `${localTime(Date.parse(time))}  ${escapeLine(name).padEnd(nameWidth)} ${shown}  ${words}`.trimEnd();
}

function colourOf({ severity, kind }: JournalEvent): string {
  if (severity === 'error') return red;
  if (severity === 'warning') return yellow;
  return kind === 'running' ? green : '';
}

/** Takes pieces of JSON lines. Returns what has to be printed. A line that is no event is left out. */
export class EventLines {
  readonly #print: (event: JournalEvent, line: string) => string;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(json: boolean, hasColours: boolean) {
    this.#print = json
      ? (_, line) => `${escapeJsonText(line)}\n`
      : event => `${eventLine(event, hasColours)}\n`;
  }

  push(bytes: Uint8Array): string {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines
      .map(line => {
        const event = decodeEvent(line);
        return event === null ? '' : this.#print(event, line);
      })
      .join('');
  }
}
