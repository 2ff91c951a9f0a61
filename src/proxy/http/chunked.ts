// Takes the chunked coding off an app's answer (RFC 9112 section 7.1), strictly. Trailers are read, and dropped. Pure:
// bytes in, pieces out, no I/O.

type Place = 'size' | 'data' | 'data-end' | 'trailer';

/** Bytes of one size line with its extension, and of all trailers. */
const lineLimit = 4096;
const trailerLimit = 16_384;

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const quoted = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const blanks = '[ \\t]*';
const extension = `${blanks};${blanks}${token}(?:${blanks}=${blanks}(?:${token}|${quoted}))?`;
const size = new RegExp(`^([0-9A-Fa-f]{1,12})(?:${extension})*$`);
const trailer = new RegExp(`^${token}:[\\t\\x20-\\x7e\\x80-\\xff]*$`);

export class ChunkedDecoder {
  #place: Place = 'size';
  #line = '';
  #left = 0;
  #trailers = 0;

  /**
   * Gives each piece of the body in `bytes` to `take` (a view: copy what is kept). Returns "done" with the number of bytes used,
   * "more", or "bad" for anything that the coding doesn't allow.
   */
  decode(
    bytes: Uint8Array,
    take: (piece: Uint8Array) => void,
  ): { readonly kind: 'more' | 'bad' } | { readonly kind: 'done'; readonly used: number } {
    let at = 0;
    while (at < bytes.length) {
      if (this.#place === 'data') {
        const end = Math.min(bytes.length, at + this.#left);
        take(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#place = 'data-end';
        continue;
      }
      const lf = bytes.indexOf(10, at);
      const end = lf === -1 ? bytes.length : lf + 1;
      if (this.#line.length + end - at > lineLimit) return { kind: 'bad' };
      for (let i = at; i < end; i++) this.#line += String.fromCharCode(bytes[i] ?? 0);
      at = end;
      if (lf === -1) return { kind: 'more' };
      const line = this.#line;
      this.#line = '';
      if (!line.endsWith('\r\n')) return { kind: 'bad' };
      const next = this.#endLine(line.slice(0, -2));
      if (next === 'bad') return { kind: 'bad' };
      if (next === 'done') return { kind: 'done', used: at };
    }
    return { kind: 'more' };
  }

  #endLine(line: string): 'on' | 'bad' | 'done' {
    switch (this.#place) {
      case 'size':
        return this.#endSize(line);
      case 'data-end':
        this.#place = 'size';
        return line === '' ? 'on' : 'bad';
      case 'trailer':
        this.#trailers += line.length;
        if (line === '') return 'done';
        return this.#trailers > trailerLimit || !trailer.test(line) ? 'bad' : 'on';
      case 'data':
        return 'bad';
    }
  }

  #endSize(line: string): 'on' | 'bad' {
    const digits = size.exec(line)?.[1];
    if (digits === undefined) return 'bad';
    this.#left = Number.parseInt(digits, 16);
    this.#place = this.#left === 0 ? 'trailer' : 'data';
    return 'on';
  }
}
