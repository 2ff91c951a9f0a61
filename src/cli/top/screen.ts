// The terminal that hostctl top has to itself: another screen, keys as they are pressed, lines drawn over the last ones. Gives it back
// as it was, whatever ends the process.

import type { ReadStream } from 'node:tty';
import type { Output } from '../program/output.ts';
import type { Line, Size } from './draw.ts';

/** ECMA-48 and DEC private modes: the alternate screen, the cursor. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';

const looks: Readonly<Record<Line['look'], { readonly colour: string; readonly plain: string }>> = {
  plain: { colour: '', plain: '' },
  title: { colour: '\x1b[7m', plain: '\x1b[7m' },
  chosen: { colour: '\x1b[30;46m', plain: '\x1b[1;4m' },
  bad: { colour: '\x1b[31m', plain: '\x1b[1m' },
  faint: { colour: '\x1b[2m', plain: '' },
};

/** Signals that end the process while the terminal is not as it was. */
const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export interface ScreenOptions {
  readonly input: ReadStream;
  readonly output: Output;
  readonly onKeys: (input: string) => void;
  readonly onResized: () => void;
  /** The terminal has gone, or a signal wants the end. */
  readonly onEnd: () => void;
}

export class Screen {
  readonly #options: ScreenOptions;
  readonly #undo: (() => void)[] = [];
  #shown = '';

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { input, output, onKeys, onEnd } = options;
    const onData = (bytes: Buffer): void => onKeys(bytes.toString('utf8'));
    input.setRawMode(true);
    input.on('data', onData).on('end', onEnd).on('error', onEnd);
    input.resume();
    for (const name of deadly) process.on(name, onEnd);
    this.#undo.push(
      () => input.off('data', onData).off('end', onEnd),
      () => {
        for (const name of deadly) process.off(name, onEnd);
      },
      output.onClosed(onEnd),
      output.onResized(() => {
        this.#shown = '';
        options.onResized();
      }),
    );
    output.write(enter);
  }

  get size(): Size {
    const { columns, rows } = this.#options.output;
    return { columns, rows };
  }

  /** Nothing is written where nothing has changed. */
  show(lines: readonly Line[]): void {
    const { output } = this.#options;
    const text = lines.map(line => this.#paint(line)).join('\r\n');
    if (text === this.#shown) return;
    this.#shown = text;
    output.write(`\x1b[H${text}\x1b[J`);
  }

  close(): void {
    const { input, output } = this.#options;
    for (const undo of this.#undo) undo();
    output.write(leave);
    input.setRawMode(false);
    input.pause();
    input.unref();
  }

  #paint({ text, look }: Line): string {
    const { colour, plain } = looks[look];
    const begin = this.#options.output.hasColours ? colour : plain;
    return begin === '' ? `${text}\x1b[K` : `${begin}${text}\x1b[0m\x1b[K`;
  }
}
