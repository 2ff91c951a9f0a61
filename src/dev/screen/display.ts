// The one stream of all programs' output: each line with a prefix in the program's colour, or the bytes of one program in focus as
// they are. Knows nothing of processes.

import { Lines, plainLine, tameLine } from '../apps/tame.ts';

export interface Screen {
  readonly hasColours: boolean;
  readonly isTerminal: boolean;
  write(text: string | Uint8Array): void;
}

/** SGR foregrounds that can be read on dark and on light. */
const palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];
/** Milliseconds after which an unfinished line counts as a prompt. */
const promptMs = 60;
/** Characters at the end of a line in which a prompt is looked for. */
const longestPrompt = 200;
/** The ends of prompts of debuggers and shells. */
const waitsForInput = /(\(Pdb\)|\(Pdb\+\+\)|ipdb>|pudb>|>>>|In \[\d+\]:|\[y\/N\]|[Pp]assword.*:) ?$/;

export class Display {
  readonly #screen: Screen;
  readonly #names: string[] = [];
  readonly #lines = new Map<string, Lines>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** How many characters of each unfinished line have been written. */
  readonly #shown = new Map<string, number>();
  /** The program whose line the cursor is in. */
  #open: string | null = null;
  #width = 5;
  #focus: string | null = null;
  #raw = false;
  /** Called with a program's name when it seems to wait for input. */
  onPrompt: ((name: string) => void) | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  add(name: string): void {
    if (this.#names.includes(name)) return;
    this.#names.push(name);
    this.#width = Math.max(this.#width, name.length);
  }

  /** Columns that the prefix takes. */
  get prefixWidth(): number {
    return this.#width + 3;
  }

  get focus(): string | null {
    return this.#focus;
  }

  /** Shows only one program; `raw`: byte for byte. null: shows all. */
  setFocus(name: string | null, raw = false): void {
    this.#endLine();
    this.#focus = name;
    this.#raw = raw && name !== null;
    if (this.#raw) this.#screen.write(this.#lines.get(name ?? '')?.prompt ?? '');
  }

  /** Takes a program's output. Returns the lines that it has ended. */
  push(name: string, bytes: Buffer): readonly string[] {
    const lines = this.#linesOf(name);
    const ended = lines.push(bytes);
    const hidden = this.#focus !== null && this.#focus !== name;
    if (this.#raw && !hidden) this.#screen.write(bytes);
    else if (!hidden) for (const line of ended) this.#writeLine(name, line);
    if (ended.length > 0) this.#shown.delete(name);
    clearTimeout(this.#timers.get(name));
    if (lines.rest !== '')
      this.#timers.set(
        name,
        setTimeout(() => this.#showPrompt(name), promptMs),
      );
    return ended;
  }

  /** A program has ended. Its unfinished line is now a line. */
  flush(name: string): readonly string[] {
    const lines = this.#linesOf(name);
    return lines.rest === '' ? [] : this.push(name, Buffer.from('\n'));
  }

  /** Prints hostd's own words. They may have names of folders, clients and apps in them, so escapes are removed. */
  say(text: string): void {
    this.#endLine();
    for (const line of text.split('\n'))
      this.#screen.write(
        `${this.#paint('hostd'.padEnd(this.#width), 2)} ${this.#paint('|', 2)} ${plainLine(line)}${this.#ending}`,
      );
  }

  #linesOf(name: string): Lines {
    const lines = this.#lines.get(name) ?? new Lines();
    this.#lines.set(name, lines);
    return lines;
  }

  #writeLine(name: string, line: string): void {
    const text = tameLine(line, this.#screen.hasColours);
    const shown = this.#shown.get(name) ?? 0;
    if (this.#open === name && shown > 0) {
      this.#screen.write(`${tameLine(line.slice(shown), this.#screen.hasColours)}${this.#ending}`);
      this.#open = null;
    } else {
      this.#endLine();
      this.#screen.write(`${this.#prefix(name)}${text}${this.#ending}`);
    }
    this.#shown.delete(name);
  }

  #showPrompt(name: string): void {
    const { prompt } = this.#linesOf(name);
    if (prompt === '') return;
    // A prompt helps only where somebody can answer it. Elsewhere lines stay whole.
    if (!this.#screen.isTerminal || this.#raw || (this.#focus !== null && this.#focus !== name)) return;
    const shown = this.#shown.get(name) ?? 0;
    if (this.#open !== name) {
      this.#endLine();
      this.#screen.write(this.#prefix(name) + tameLine(prompt, this.#screen.hasColours));
    } else {
      this.#screen.write(tameLine(prompt.slice(shown), this.#screen.hasColours));
    }
    this.#open = name;
    this.#shown.set(name, prompt.length);
    if (waitsForInput.test(tameLine(prompt.slice(-longestPrompt), false))) this.onPrompt?.(name);
  }

  #endLine(): void {
    if (this.#open !== null) this.#screen.write(this.#ending);
    this.#open = null;
    this.#shown.clear();
  }

  #prefix(name: string): string {
    const code = palette[this.#names.indexOf(name) % palette.length] ?? 0;
    return `${this.#paint(`${name.padEnd(this.#width)} |`, code)} `;
  }

  #paint(text: string, code: number): string {
    return this.#screen.hasColours ? `\x1b[${code}m${text}\x1b[0m` : text;
  }

  /** A terminal in raw mode needs the carriage return written out. */
  get #ending(): string {
    return this.#screen.isTerminal ? '\r\n' : '\n';
  }
}
