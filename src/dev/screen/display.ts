// The one stream that all programs' output becomes: a prefix in the program's colour, or, where one is looked at alone, its
// bytes as they are. Knows nothing of processes.

import { Lines, plainLine, tameLine } from '../apps/tame.ts';

export interface Screen {
  readonly hasColours: boolean;
  readonly isTerminal: boolean;
  write(text: string | Uint8Array): void;
}

/** SGR foregrounds that can be read on dark and on light. */
const palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];
/** Milliseconds after which a line that has not ended is taken for a prompt. */
const promptMs = 60;
/** Characters at its end by which a prompt is known. */
const longestPrompt = 200;
/** How prompts of debuggers and shells end. */
const waitsForInput = /(\(Pdb\)|\(Pdb\+\+\)|ipdb>|pudb>|>>>|In \[\d+\]:|\[y\/N\]|[Pp]assword.*:) ?$/;

export class Display {
  readonly #screen: Screen;
  readonly #names: string[] = [];
  readonly #lines = new Map<string, Lines>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** How much of each unfinished line has been written. */
  readonly #shown = new Map<string, number>();
  /** Whose line the cursor stands in. */
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

  /** Shows one program alone; `raw`: byte for byte. null: all of them. */
  setFocus(name: string | null, raw = false): void {
    this.#endLine();
    this.#focus = name;
    this.#raw = raw && name !== null;
    if (this.#raw) this.#screen.write(this.#lines.get(name ?? '')?.prompt ?? '');
  }

  /** Takes what a program wrote, and returns the lines that it ended. */
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

  /** A program has ended: what it left unfinished is a line. */
  flush(name: string): readonly string[] {
    const lines = this.#linesOf(name);
    return lines.rest === '' ? [] : this.push(name, Buffer.from('\n'));
  }

  /** hostd's own words. Names of folders, clients and apps may stand in them, so no escape gets through. */
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
    // A prompt is of use only where somebody may answer; elsewhere lines stay whole.
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

  /** A terminal in raw mode does not return the carriage by itself. */
  get #ending(): string {
    return this.#screen.isTerminal ? '\r\n' : '\n';
  }
}
