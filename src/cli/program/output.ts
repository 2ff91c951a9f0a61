// One output stream of the command line: whether it is a terminal, and whether it still has a reader.

import type { Writable } from 'node:stream';
import { errnoOf } from '../../errors.ts';

export class Output {
  readonly isTerminal: boolean;
  /** Colours only on a terminal whose user does not refuse them (no-color.org). */
  readonly hasColours: boolean;
  readonly #stream: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  readonly #onClosed = new Set<() => void>();
  #error: unknown = null;

  constructor(
    stream: Writable & { isTTY?: boolean; columns?: number; rows?: number },
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.hasColours = this.isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
    stream.on('error', error => {
      this.#error ??= error;
      for (const listener of this.#onClosed) listener();
    });
  }

  /** Width of the terminal in columns. */
  get columns(): number {
    return this.#stream.columns || 80; // 0: a terminal without a size
  }

  /** Height of the terminal in lines. */
  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Calls back when the terminal has another size. Call the returned function to end that. */
  onResized(listener: () => void): () => void {
    this.#stream.on('resize', listener);
    return () => this.#stream.off('resize', listener);
  }

  /** Whether nobody reads any more, as after `| head`. What is written then is dropped. */
  get isClosed(): boolean {
    return this.#error !== null;
  }

  /** Why nothing can be written, unless only the reader has gone. */
  get failure(): unknown {
    return errnoOf(this.#error) === 'EPIPE' ? null : this.#error;
  }

  /** Calls back when nobody reads any more. Call the returned function to end that. */
  onClosed(listener: () => void): () => void {
    this.#onClosed.add(listener);
    return () => this.#onClosed.delete(listener);
  }

  write(data: string | Uint8Array): void {
    if (!this.isClosed) this.#stream.write(data);
  }

  /** Resolves when what was written has left this process, or never can. */
  async drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain) return;
    await new Promise<void>(resolve => {
      const forget = this.onClosed(resolve);
      this.#stream.once('drain', () => {
        forget();
        resolve();
      });
    });
  }
}
