// Reads the head and body of one HTTP/1.1 reply (RFC 9112 sections 4 to 7). Pure: knows no socket.
// In place of node:http, whose loading takes hostctl 29 ms, as much as all of its other work.

import { HostdError } from '../../errors.ts';

export interface Head {
  readonly status: number;
  /** Names in lower case. Of repeated fields the last counts. */
  readonly fields: ReadonlyMap<string, string>;
}

type State =
  | { readonly kind: 'head' }
  | { readonly kind: 'counted'; readonly left: number }
  | { readonly kind: 'chunk-size' }
  | { readonly kind: 'chunk'; readonly left: number }
  | { readonly kind: 'chunk-end' }
  | { readonly kind: 'trailers' }
  | { readonly kind: 'until-close' }
  | { readonly kind: 'done' };

/** Longest head, and longest line between chunks, in bytes. */
const limit = 16_384;

/** Takes the bytes of a reply in pieces of any size. Throws HostdError('failed') for bytes that are no HTTP/1.1. */
export class ReplyReader {
  #state: State = { kind: 'head' };
  #rest: Buffer = Buffer.alloc(0);
  #head: Head | null = null;

  get head(): Head | null {
    return this.#head;
  }

  /** Whether the whole reply has come. */
  get isDone(): boolean {
    return this.#state.kind === 'done';
  }

  /** No more bytes will come. Returns whether the reply was whole. */
  end(): boolean {
    if (this.#state.kind === 'until-close') this.#state = { kind: 'done' };
    return this.isDone;
  }

  /** Takes bytes. Returns the pieces of the body in them. */
  push(bytes: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const body: Buffer[] = [];
    while (this.#advance(body));
    return body;
  }

  /** Takes one step. false: it needs more bytes. */
  #advance(body: Buffer[]): boolean {
    const state = this.#state;
    switch (state.kind) {
      case 'head':
        return this.#readHead();
      case 'counted':
      case 'chunk':
        return this.#readBody(state, body);
      case 'until-close':
        return this.#readBody({ kind: 'until-close', left: Number.POSITIVE_INFINITY }, body);
      case 'chunk-size':
        return this.#readChunkSize();
      case 'chunk-end':
      case 'trailers': {
        const line = this.#readLine();
        if (line === null) return false;
        if (state.kind === 'chunk-end') {
          if (line !== '') throw notHttp();
          this.#state = { kind: 'chunk-size' };
        } else if (line === '') this.#state = { kind: 'done' };
        return true;
      }
      case 'done':
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end === -1) {
      if (this.#rest.length > limit || !looksLikeHttp(this.#rest)) throw notHttp();
      return false;
    }
    const head = parseHead(this.#rest.toString('latin1', 0, end));
    this.#rest = this.#rest.subarray(end + 4);
    if (head.status < 200) return true; // 1xx: the reply itself is still to come
    this.#head = head;
    this.#state = framing(head);
    return true;
  }

  #readBody(state: { kind: 'counted' | 'chunk' | 'until-close'; left: number }, body: Buffer[]): boolean {
    if (this.#rest.length === 0) return false;
    const piece = this.#rest.subarray(0, state.left);
    body.push(piece);
    this.#rest = this.#rest.subarray(piece.length);
    const left = state.left - piece.length;
    if (state.kind === 'until-close') return false;
    if (left > 0) this.#state = { kind: state.kind, left };
    else this.#state = { kind: state.kind === 'chunk' ? 'chunk-end' : 'done' };
    return true;
  }

  #readChunkSize(): boolean {
    const line = this.#readLine();
    if (line === null) return false;
    const size = /^([0-9a-f]{1,12})[ \t]*(;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw notHttp();
    const left = Number.parseInt(size, 16);
    this.#state = left === 0 ? { kind: 'trailers' } : { kind: 'chunk', left };
    return true;
  }

  #readLine(): string | null {
    const end = this.#rest.indexOf('\r\n');
    if (end === -1 ? this.#rest.length > limit : end > limit) throw notHttp();
    if (end === -1) return null;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }
}

function looksLikeHttp(start: Buffer): boolean {
  const expected = 'HTTP/1.1 ';
  const length = Math.min(start.length, expected.length);
  return start.toString('latin1', 0, length) === expected.slice(0, length);
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.1 ([1-5][0-9][0-9])( .*)?$/.exec(statusLine)?.[1];
  if (status === undefined) throw notHttp();
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw notHttp();
    fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status), fields };
}

/** What tells where the body ends (RFC 9112 section 6.3). */
function framing(head: Head): State {
  if (head.status === 204 || head.status === 304) return { kind: 'done' };
  const coding = head.fields.get('transfer-encoding');
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw notHttp();
    return { kind: 'chunk-size' };
  }
  const length = head.fields.get('content-length');
  if (length === undefined) return { kind: 'until-close' };
  if (!/^[0-9]{1,15}$/.test(length)) throw notHttp();
  return length === '0' || Number(length) === 0
    ? { kind: 'done' }
    : { kind: 'counted', left: Number(length) };
}

function notHttp(): HostdError {
  return new HostdError('failed', 'cannot understand the answer: it is not HTTP/1.1', {
    hint: 'is this the socket of hostd?',
  });
}
