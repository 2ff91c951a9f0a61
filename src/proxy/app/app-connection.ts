// One connection to an app: writes one request at a time, reads one strictly parsed answer, and says whether it may be used
// again. Knows nothing of clients.

import { type Bearer, rethrow } from '../guard.ts';
import { ChunkedDecoder } from '../http/chunked.ts';
import { HeadText } from '../http/head-text.ts';
import { parseResponseHead, type ResponseHead } from '../http/response-head.ts';
import type { Address, AppSocket, AppSocketEvents } from './app-socket.ts';
import { openAppSocket } from './open-app-socket.ts';

export type { Address };

/** What is told of an answer, in this order: head, any pieces, then exactly one of end and failed. */
export interface AnswerReader extends Bearer {
  /**
   * "refuse": the answer is not acceptable. A reader: takes the bytes that follow, which are not HTTP (only after a 101).
   */
  head(head: ResponseHead): 'body' | 'no-body' | 'refuse' | AnswerReader;
  /** Called before head() with each interim answer (1xx but 101), as it comes. */
  interim?(head: ResponseHead): void;
  /** The whole body, latin-1, in place of any pieces. */
  whole(text: string): void;
  /** A view on a shared buffer: to keep it, copy it. */
  piece(bytes: Uint8Array): void;
  /** Called after all pieces that arrived together, unless the answer has ended with them. */
  flush(): void;
  end(): void;
  failed(failure: AnswerFailure): void;
}

export interface AnswerFailure {
  /** "bad": not HTTP as it should be; "closed": ended too early; "timeout". */
  readonly kind: 'bad' | 'closed' | 'timeout';
  readonly why: string;
  /** Whether the app had sent anything of this answer. */
  readonly begun: boolean;
  /** Whether the app is known to have closed before it had read the request. */
  readonly isUnread: boolean;
}

/** Interim answers (1xx) that one request may have. With more, the answer counts as a bad one. */
const interimLimit = 10;

export interface AppConnectionLimits {
  readonly responseHeader: number;
  readonly upstreamGapMs: number;
  readonly upstreamSilenceMs: number;
}

/** What a connection is used for, as its upstream counts it. */
export interface Use {
  /** The head of an answer has come. */
  answered(): void;
  /** The connection is used for this no more. */
  end(): void;
}

export class AppConnection implements AppSocketEvents {
  readonly #limits: AppConnectionLimits;
  readonly #socket: AppSocket;
  #reader: AnswerReader | null = null;
  #place: 'idle' | 'head' | 'length' | 'chunked' | 'close' | 'tunnel' = 'idle';
  readonly #text: HeadText;
  #left = 0;
  #chunked: ChunkedDecoder | null = null;
  #interim = 0;
  #reusable = false;
  #whenDrained: (() => void) | null = null;
  /** Set while the connection is idle. Told when the connection can be used no more. */
  pool: { drop(connection: AppConnection): void } | null = null;
  /** Called once the connection is made, with null or the error. Not called where it is made from the start. */
  onConnected: ((error: Error | null) => void) | null = null;
  /** What it is used for, where somebody counts that. */
  use: Use | null = null;
  /** Whether an answer was read on this connection before. */
  used = false;

  /** Begins to connect. */
  constructor(address: Address, limits: AppConnectionLimits) {
    this.#limits = limits;
    this.#text = new HeadText(limits.responseHeader);
    this.#socket = openAppSocket(address, this, limits.upstreamSilenceMs);
  }

  get siteNumber(): number {
    return this.#reader?.siteNumber ?? 0;
  }

  broke(error: unknown): void {
    const reader = this.#reader;
    this.destroy();
    this.pool?.drop(this);
    if (reader === null) rethrow(error);
    else reader.broke(error);
  }

  get isConnected(): boolean {
    return this.#socket.isConnected;
  }

  /** Whether the connection may be used for another request. */
  get reusable(): boolean {
    return this.#reusable && !this.#socket.destroyed;
  }

  /** Begins one request. Its bytes follow by write(). */
  begin(reader: AnswerReader): void {
    this.#reader = reader;
    this.#place = 'head';
    this.#text.clear();
    this.#interim = 0;
    this.#reusable = false;
    this.#socket.setTimeout(this.#limits.upstreamGapMs);
  }

  write(bytes: Uint8Array | string): boolean {
    return this.#socket.write(bytes);
  }

  whenDrained(go: () => void): void {
    this.#whenDrained = go;
  }

  resume(): void {
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  /** No more will be written. The app reads the end of the stream. */
  endWrite(): void {
    this.#socket.endWriting();
  }

  setIdle(milliseconds: number): void {
    this.#socket.setTimeout(milliseconds);
  }

  destroy(): void {
    this.#reader = null;
    this.#socket.destroy();
    this.use?.end();
  }

  connected(error: Error | null): void {
    this.onConnected?.(error);
    this.onConnected = null;
  }

  drained(): void {
    const go = this.#whenDrained;
    this.#whenDrained = null;
    go?.();
  }

  read(bytes: Uint8Array): void {
    const reader = this.#reader;
    if (reader === null) {
      this.#idleBytes();
      return;
    }
    this.#take(reader, bytes);
    if (this.#reader === reader) reader.flush();
  }

  /** Bytes that nobody asked for. They must not become the answer to the next request. */
  #idleBytes(): void {
    this.#reusable = false;
    this.#socket.destroy();
    this.pool?.drop(this);
  }

  #take(reader: AnswerReader, bytes: Uint8Array): void {
    switch (this.#place) {
      case 'head':
        this.#takeHead(reader, bytes);
        return;
      case 'length': {
        const used = Math.min(this.#left, bytes.length);
        this.#left -= used;
        if (used > 0) reader.piece(bytes.subarray(0, used));
        if (this.#left === 0) this.#complete(bytes.length === used);
        return;
      }
      case 'chunked':
        this.#takeChunks(reader, bytes);
        return;
      case 'close':
      case 'tunnel':
        if (bytes.length > 0) reader.piece(bytes);
        return;
      case 'idle':
        return;
    }
  }

  #takeHead(reader: AnswerReader, bytes: Uint8Array): void {
    const whole = this.#text.add(latin1(bytes));
    if (whole === null) return;
    const parsed = parseResponseHead(whole, this.#limits.responseHeader);
    if (parsed.kind === 'more') return;
    if (parsed.kind === 'bad') {
      this.#fail('bad', parsed.why);
      return;
    }
    const { head, size } = parsed;
    const left = whole.length - size;
    this.#text.clear();
    // Most answers come all at once, so their text is at hand.
    if (head.status >= 200 && head.framing.kind === 'length' && head.framing.length === left && left > 0) {
      this.#beginWhole(reader, head, whole, size);
      return;
    }
    const after = bytes.subarray(bytes.length - left);
    if (head.status >= 200 || head.status === 101) {
      this.#begin(reader, head, after);
      return;
    }
    if (++this.#interim > interimLimit) {
      this.#fail('bad', 'too many interim answers');
      return;
    }
    reader.interim?.(head);
    if (this.#reader !== reader) return;
    if (after.length > 0) this.#takeHead(reader, after);
  }

  /** The whole answer is here, with nothing after it. */
  #beginWhole(reader: AnswerReader, head: ResponseHead, text: string, from: number): void {
    const what = reader.head(head);
    if (this.#reader !== reader) return;
    this.#reusable = head.persistent;
    if (what !== 'no-body') reader.whole(text.slice(from));
    this.#complete(what !== 'no-body');
  }

  #begin(reader: AnswerReader, head: ResponseHead, after: Uint8Array): void {
    const what = reader.head(head);
    if (this.#reader !== reader) return;
    if (what === 'refuse') {
      this.#fail('bad', `unexpected status ${head.status}`);
      return;
    }
    if (typeof what === 'object') {
      this.#reader = what;
      this.#place = 'tunnel';
      this.#take(what, after);
      return;
    }
    this.#reusable = head.persistent && (head.framing.kind !== 'close' || endsWithHead(head));
    if (what === 'no-body') {
      // An app may wrongly send the body of a HEAD, which may still be on its way.
      this.#reusable &&= endsWithHead(head);
      this.#complete(after.length === 0);
      return;
    }
    this.#place = head.framing.kind;
    if (head.framing.kind === 'length') this.#left = head.framing.length;
    this.#chunked = null;
    this.#take(reader, after);
  }

  #takeChunks(reader: AnswerReader, bytes: Uint8Array): void {
    this.#chunked ??= new ChunkedDecoder();
    // An app may send one byte in each chunk. What one read brings is passed on as one piece, put together in the read's own buffer.
    let whole: Uint8Array | null = null;
    const result = this.#chunked.decode(bytes, piece => {
      if (whole === null) {
        whole = piece;
        return;
      }
      if (whole.byteOffset !== bytes.byteOffset) bytes.set(whole);
      bytes.set(piece, whole.length);
      whole = bytes.subarray(0, whole.length + piece.length);
    });
    if (whole !== null) reader.piece(whole);
    if (result.kind === 'bad') this.#fail('bad', 'bad chunk');
    else if (result.kind === 'done') this.#complete(result.used === bytes.length);
  }

  /** `clean`: nothing came after the answer. */
  #complete(clean: boolean): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#place = 'idle';
    this.#reusable &&= clean;
    this.used = true;
    this.#socket.setTimeout(0);
    reader?.end();
  }

  ended(why: string, isUnread: boolean): void {
    if (this.#reader === null) {
      this.#reusable = false;
      this.#socket.destroy();
      this.pool?.drop(this);
    } else if (this.#place === 'close' || this.#place === 'tunnel') {
      this.#complete(false);
    } else {
      this.#fail('closed', why, isUnread);
    }
  }

  timedOut(): void {
    const seconds = this.#limits.upstreamGapMs / 1000;
    this.#fail('timeout', `not a byte from the app within ${seconds} s (proxy_read_timeout)`);
  }

  #fail(kind: AnswerFailure['kind'], why: string, isUnread = false): void {
    const reader = this.#reader;
    const begun = this.#place !== 'head' || this.#text.size > 0 || this.#interim > 0;
    this.destroy();
    if (reader === null) this.pool?.drop(this);
    else reader.failed({ kind, why, begun, isUnread });
  }
}

function latin1(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('latin1');
}

/** Whether no body can follow, whatever the request was (RFC 9112 section 6.3). */
function endsWithHead({ status, framing }: ResponseHead): boolean {
  return status === 204 || status === 304 || (framing.kind === 'length' && framing.length === 0);
}
