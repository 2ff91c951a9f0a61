// Looks at a chunked request body on its way to the parser for two things that the parser does not tell: the size that a chunk
// announces, and the length of the line that announces it. Decodes nothing and judges no syntax. Pure.

/** Characters of a chunk's line, extensions included: node:http's limit. */
const longestLine = 16_384;

export class ChunkWatch {
  readonly #limit: number;
  #place: 'size' | 'line' | 'data' | 'lost' = 'size';
  #size = 0;
  #digits = 0;
  #left = 0;
  #announced = 0;
  #line = 0;

  /** `limit`: bytes that all chunks together may have; 0: as many as can be counted. */
  constructor(limit: number) {
    this.#limit = limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
  }

  /** Whether the body announces more than the limit, or has too long a line. `bytes` follow those of the last call. */
  exceeds(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && this.#place !== 'lost'; at++) {
      if (this.#place === 'data') {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped - 1;
        if (this.#left === 0) this.#begin();
      } else if (this.#readLine(bytes[at] ?? 0)) {
        return true;
      }
    }
    return false;
  }

  #begin(): void {
    this.#place = 'size';
    this.#size = 0;
    this.#digits = 0;
    this.#line = 0;
  }

  /** Takes one byte of "1a;extension\r\n". */
  #readLine(byte: number): boolean {
    if (++this.#line > longestLine) return true;
    if (this.#place === 'size') {
      const digit = hexDigit(byte);
      if (digit === null) {
        this.#place = this.#digits === 0 ? 'lost' : 'line';
      } else {
        this.#digits++;
        this.#size = Math.min(this.#size * 16 + digit, Number.MAX_SAFE_INTEGER);
        return this.#announced + this.#size > this.#limit || this.#size === Number.MAX_SAFE_INTEGER;
      }
    }
    if (this.#place === 'line' && byte === 10) {
      this.#announced += this.#size;
      this.#left = this.#size + 2;
      this.#place = this.#size === 0 ? 'lost' : 'data';
    }
    return false;
  }
}

function hexDigit(byte: number): number | null {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : null;
}
