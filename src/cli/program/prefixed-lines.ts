// Cuts an app's bytes into lines with a name in front, so that several logs can share one output. Pure: bytes in, text or bytes out.

import { HarmlessText } from '../../words/harmless-text.ts';

/** Bytes after which a line without an end is shown all the same. */
const longestLine = 65_536;

export class PrefixedLines {
  readonly #prefix: string;
  /** null: bytes are shown as they are. */
  readonly #hasColours: boolean | null;
  #rest: Buffer = Buffer.alloc(0);

  /** `hasColours`: of the terminal that the lines are made harmless for; null: there is none. */
  constructor(prefix: string, hasColours: boolean | null) {
    this.#prefix = prefix;
    this.#hasColours = hasColours;
  }

  /** Takes bytes. Returns the lines that are whole. */
  push(bytes: Uint8Array): Uint8Array {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(10) + 1;
    const cut = all.length - end > longestLine ? all.length : end;
    this.#rest = Buffer.from(all.subarray(cut));
    return this.#show(all.subarray(0, cut));
  }

  /** Returns the last line, which has no end. */
  end(): Uint8Array {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return this.#show(rest);
  }

  #show(bytes: Buffer): Uint8Array {
    const shown: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(10, start);
      const end = newline < 0 ? bytes.length : newline;
      shown.push(Buffer.from(this.#prefix), this.#harmless(bytes.subarray(start, end)), Buffer.from('\n'));
      start = end + 1;
    }
    return Buffer.concat(shown);
  }

  #harmless(line: Buffer): Buffer {
    if (this.#hasColours === null) return line;
    const text = new HarmlessText(this.#hasColours);
    return Buffer.from(text.push(line) + text.end());
  }
}
