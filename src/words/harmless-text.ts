// An app's bytes for a terminal: colours stay, and nothing else that a terminal would obey. A line's colours end
// with it, so that no app can hide what others print after it. Bytes that are no UTF-8 become U+FFFD.

import { escapeLine } from './escape.ts';

const ESC = '\u001b';
/** Select Graphic Rendition (ECMA-48 8.3.117): colours and weights. Longer sequences have no use. */
const colour = `${ESC}\\[[0-9;:]{0,32}m`;
const pieces = new RegExp(`${colour}|\\r?\\n|[^${ESC}\\r\\n]+|[^]`, 'g');
const unfinished = new RegExp(`(?:\\r|${ESC}(?:\\[[0-9;:]{0,32})?)$`);
const reset = `${ESC}[0m`;

export class HarmlessText {
  readonly #hasColours: boolean;
  readonly #decoder = new TextDecoder();
  /** Text that may be the beginning of a colour or of a line's end. */
  #rest = '';
  #isColoured = false;

  constructor(hasColours: boolean) {
    this.#hasColours = hasColours;
  }

  /** The text that can be printed now. */
  push(bytes: Uint8Array): string {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    this.#rest = unfinished.exec(text)?.[0] ?? '';
    return this.#show(text.slice(0, text.length - this.#rest.length));
  }

  /** The rest of the text. */
  end(): string {
    const text = this.#rest + this.#decoder.decode();
    this.#rest = '';
    return this.#show(text) + this.#endColours();
  }

  #show(text: string): string {
    return text.replace(pieces, piece => {
      if (piece.endsWith('\n')) return `${this.#endColours()}\n`;
      if (!piece.startsWith(ESC) || piece.length === 1) return piece.split('\t').map(escapeLine).join('\t');
      this.#isColoured = this.#hasColours;
      return this.#hasColours ? piece : '';
    });
  }

  #endColours(): string {
    const end = this.#isColoured ? reset : '';
    this.#isColoured = false;
    return end;
  }
}
