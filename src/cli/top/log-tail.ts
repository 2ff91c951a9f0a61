// The last lines of a log that grows, as they come in pieces.

/** Lines that are kept, and characters of one that has no end yet. */
const most = { lines: 1000, rest: 16_384 };

export class LogTail {
  #lines: readonly string[] = [];
  #rest = '';
  readonly #decoder = new TextDecoder();

  get lines(): readonly string[] {
    return this.#rest === '' ? this.#lines : [...this.#lines, this.#rest];
  }

  push(chunk: Uint8Array): void {
    const pieces = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = (pieces.pop() ?? '').slice(-most.rest);
    this.#lines = [...this.#lines, ...pieces].slice(-most.lines);
  }

  /** A line of our own. */
  say(text: string): void {
    this.push(Buffer.from(`${text}\n`));
  }
}
