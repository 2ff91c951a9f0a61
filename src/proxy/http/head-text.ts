// The beginning of an app's answer, gathered from the pieces that it comes in. Each byte is looked at a few times, not again for
// every piece that follows. Pure.

const end = '\r\n\r\n';
/** The first characters, which tell HTTP from anything else. parseResponseHead looks at them as soon as they are there. */
const telling = 7;

export class HeadText {
  readonly #limit: number;
  #pieces: string[] = [];
  #size = 0;
  #tail = '';

  /** `limit`: characters that a head may have. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Characters so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a piece. Returns all of the text so far, or null while it can tell no more than before. */
  add(text: string): string | null {
    const before = this.#size;
    this.#size += text.length;
    if (before === 0 && text.includes(end)) return text;
    const around = this.#tail + text;
    this.#tail = around.slice(1 - end.length);
    this.#pieces.push(text);
    if (before >= telling && this.#size <= this.#limit && !around.includes(end)) return null;
    const whole = this.#pieces.join('');
    this.#pieces = [whole];
    return whole;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#pieces = [];
    this.#size = 0;
    this.#tail = '';
  }
}
