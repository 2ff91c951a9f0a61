// Makes lines of what programs write, for a screen that they share: colours stay, anything that moves the cursor goes. Pure.

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are the subject here
/** Control sequences, operating system commands and other escapes (ECMA-48 5.4 and 5.6). */
const sequences = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]/g;
const colour = /^\x1b\[[0-9;:]*m$/;
const controls = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g;
const unfinished = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?$/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

/** One line for a shared screen. Of a line that overwrites itself by carriage returns, the last version is kept. */
export function tameLine(line: string, hasColours: boolean): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 13) end--;
  const shown = line.slice(0, end);
  const last = shown.slice(shown.lastIndexOf('\r') + 1);
  const tamed = last
    .replace(sequences, sequence => (hasColours && colour.test(sequence) ? sequence : ''))
    .replace(controls, '');
  const stripped = tamed.replaceAll('\x1b', (_escape, at: number) => (tamed[at + 1] === '[' ? '\x1b' : ''));
  return hasColours && stripped.includes('\x1b[') ? `${stripped}\x1b[0m` : stripped;
}

/** The line without any escape, for pages. */
export function plainLine(line: string): string {
  return tameLine(line, false).replaceAll('\x1b', '');
}

/** Cuts bytes into lines. `rest` is the line that has not ended yet. */
export class Lines {
  readonly #decoder = new TextDecoder();
  rest = '';

  push(bytes: Uint8Array): string[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    const [first = '', ...lines] = text.split('\n');
    this.rest += first;
    if (lines.length > 0) {
      lines.unshift(this.rest);
      this.rest = lines.pop() ?? '';
    }
    // A program that never ends a line must not fill the memory.
    if (this.rest.length > longestLine) lines.push(this.rest.slice(0, longestLine));
    if (this.rest.length > longestLine) this.rest = '';
    return lines;
  }

  /** The line that has not ended yet, unless it ends within an escape sequence. */
  get prompt(): string {
    return unfinished.test(this.rest) ? '' : this.rest;
  }
}

const longestLine = 65_536;

/** The last traceback in these lines, without its middle where it is long; or else the last lines. At most `most` lines. */
export function tracebackTail(lines: readonly string[], most: number): readonly string[] {
  const start = lines.findLastIndex(line => line.startsWith('Traceback (most recent call last)'));
  if (start === -1) return lines.slice(-most);
  const found = lines.slice(start);
  // Lines after the exception's own line are no part of the traceback.
  const end = found.findIndex(
    (line, index) =>
      index > 0 &&
      /^[A-Za-z_][\w.]*(Error|Exception|Warning|Exit|Interrupt|Configured|NotReady)?(:|$)/.test(line),
  );
  const traceback = end === -1 ? found : found.slice(0, end + 1);
  if (traceback.length <= most) return traceback;
  return [...traceback.slice(0, 1), '  ...', ...(most > 2 ? traceback.slice(2 - most) : [])];
}
