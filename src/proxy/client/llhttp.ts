// Reads requests with llhttp, the parser of Node's own HTTP server, in its strict mode: as undici brings it, compiled to
// WebAssembly, so hostile bytes are parsed in a sandbox. Knows nothing of sockets or of what a request means.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** llhttp's own numbers (api.h). */
const typeRequest = 1;
const pausedByCallback = 21;

/** TypeScript has it only among the types of a browser. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(bytes: number): number;
  llhttp_alloc(type: number): number;
  llhttp_reset(parser: number): void;
  llhttp_resume(parser: number): void;
  llhttp_execute(parser: number, bytes: number, length: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
}

/** What a span of bytes is part of. */
type Kind = 0 | 1 | 2 | 3;
const url: Kind = 0;
const name: Kind = 1;
const value: Kind = 2;
const body: Kind = 3;

/** The parser whose bytes are being read; null between two calls. */
let current: RequestParser | null = null;

const llhttp = instantiate();
const errors = namesOf('ERROR');
const methods = namesOf('METHODS');
const bufferBytes = 65_536;
/** Bytes that are tried first: where a short request ends in them, the bytes behind it need not be copied. */
const firstPortion = 2048;
const buffer = llhttp.malloc(bufferBytes);
let memory = new Uint8Array(llhttp.memory.buffer);

function instantiate(): Exports {
  const span = (kind: Kind) => (_parser: number, at: number, length: number) => {
    current?.sawSpan(kind, at - buffer, length);
    return 0;
  };
  const env = {
    wasm_on_message_begin: () => 0,
    wasm_on_status: () => 0,
    wasm_on_url: span(url),
    wasm_on_header_field: span(name),
    wasm_on_header_value: span(value),
    wasm_on_headers_complete: (_parser: number, _status: number, upgrade: number, keepAlive: number) => {
      current?.sawHead(upgrade === 1, keepAlive === 1);
      return pausedByCallback;
    },
    wasm_on_body: span(body),
    wasm_on_message_complete: () => {
      current?.sawEnd();
      return pausedByCallback;
    },
  };
  const code = require('undici/lib/llhttp/llhttp_simd-wasm.js') as Uint8Array;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env });
  const instance = exports as Exports;
  instance._initialize();
  return instance;
}

/** One of llhttp's enumerations, by number. */
function namesOf(enumeration: 'ERROR' | 'METHODS'): readonly string[] {
  const constants = require('undici/lib/llhttp/constants.js') as Record<string, Record<string, number>>;
  const names: string[] = [];
  for (const [name, number] of Object.entries(constants[enumeration] ?? {})) names[number] = name;
  return names;
}

const spare: RequestParser[] = [];

/** Reads one request at a time: its head, then its body. */
export class RequestParser {
  readonly #parser = llhttp.llhttp_alloc(typeRequest);
  /** Kind, start and end of each span in the bytes at hand. */
  #spans: number[] = [];
  /** Where the portion that llhttp has been given begins in the bytes at hand. */
  #base = 0;
  #at: 'head' | 'body' | 'end' = 'head';
  url = '';
  /** Name, value, name, value ...: latin-1, in the client's own spelling. */
  fields: string[] = [];
  /** What the version and Connection say. */
  keepAlive = false;
  /** Whether the request asks for another protocol, or is a CONNECT. */
  upgrade = false;
  /** Characters in the fields after the body. */
  trailerSize = 0;
  /** What llhttp calls the error, such as "INVALID_METHOD", or "TOO_LARGE". */
  error = '';
  /** Whether a request line has been read to its end. */
  isPastLine = false;

  /** A parser for a new request. release() gives it back. */
  static take(): RequestParser {
    const parser = spare.pop() ?? new RequestParser();
    // llhttp's memory may have grown for the new parser.
    if (memory.buffer !== llhttp.memory.buffer) memory = new Uint8Array(llhttp.memory.buffer);
    return parser;
  }

  get method(): string {
    return methods[llhttp.llhttp_get_method(this.#parser)] ?? '';
  }

  /** "1.1" */
  get version(): string {
    return `${llhttp.llhttp_get_http_major(this.#parser)}.${llhttp.llhttp_get_http_minor(this.#parser)}`;
  }

  get isHeadRead(): boolean {
    return this.#at !== 'head';
  }

  get isEndRead(): boolean {
    return this.#at === 'end';
  }

  /**
   * Reads on in the head. Returns how many bytes belong to it (all of them, while isHeadRead is false), or -1 with the reason in `error`.
   * The error is "TOO_LARGE" for more than `room` bytes or `mostFields` fields; then no fields are made.
   */
  readHead(bytes: Buffer, room: number, mostFields: number): number {
    const used = this.#execute(bytes);
    if (used > room || !this.#keep(bytes, mostFields)) {
      this.#spans.length = 0;
      this.error = 'TOO_LARGE';
      return -1;
    }
    if (this.isHeadRead) trimEnds(this.fields);
    return used;
  }

  /**
   * Reads on in the body. Returns how many bytes belong to it and its framing (all of them, while isEndRead is false), or -1 with the
   * reason in `error`. Adds the body's own bytes to `pieces`, as views.
   */
  readBody(bytes: Buffer, pieces: Buffer[]): number {
    const used = this.#execute(bytes);
    const spans = this.#spans;
    for (let i = 0; i < spans.length; i += 3) {
      const [start, end] = [spans[i + 1] ?? 0, spans[i + 2] ?? 0];
      if (spans[i] === body) pieces.push(bytes.subarray(start, end));
      else this.trailerSize += end - start;
    }
    spans.length = 0;
    return used;
  }

  release(): void {
    llhttp.llhttp_reset(this.#parser);
    this.#at = 'head';
    this.#spans.length = 0;
    this.url = '';
    this.fields = [];
    this.isPastLine = false;
    this.trailerSize = 0;
    spare.push(this);
  }

  /** Called by llhttp, as are the next two. */
  sawSpan(kind: Kind, start: number, length: number): void {
    const spans = this.#spans;
    const [from, to] = [this.#base + start, this.#base + start + length];
    if (kind === name) this.isPastLine = true;
    // A span that continues in the next portion stays one span of a body.
    const last = spans.length - 1;
    if (kind === body && spans[last] === from && spans[last - 2] === body) spans[last] = to;
    else spans.push(kind, from, to);
  }

  sawHead(upgrade: boolean, keepAlive: boolean): void {
    this.#at = 'body';
    this.upgrade = upgrade;
    this.keepAlive = keepAlive;
  }

  sawEnd(): void {
    this.#at = 'end';
  }

  #execute(bytes: Buffer): number {
    this.#base = 0;
    let most = firstPortion;
    do {
      const portion = Math.min(bytes.length - this.#base, most);
      most = Math.min(most * 2, bufferBytes);
      memory.set(bytes.subarray(this.#base, this.#base + portion), buffer);
      current = this;
      const errno = llhttp.llhttp_execute(this.#parser, buffer, portion);
      current = null;
      if (errno === pausedByCallback) {
        const used = this.#base + llhttp.llhttp_get_error_pos(this.#parser) - buffer;
        llhttp.llhttp_resume(this.#parser);
        return used;
      }
      if (errno !== 0) {
        this.error = errors[errno] ?? `error ${errno}`;
        return -1;
      }
      this.#base += portion;
    } while (this.#base < bytes.length);
    return bytes.length;
  }

  /** Makes strings of the spans. A string that continues over two calls comes in two parts. false: there are too many fields. */
  #keep(bytes: Buffer, mostFields: number): boolean {
    const spans = this.#spans;
    if (spans.length === 0) return true;
    const text = bytes.toString('latin1', 0, spans[spans.length - 1]);
    const { fields } = this;
    for (let i = 0; i < spans.length; i += 3) {
      const part = text.slice(spans[i + 1], spans[i + 2]);
      const kind = spans[i];
      if (kind === url) this.url += part;
      else if ((kind === name) !== (fields.length % 2 === 0)) fields[fields.length - 1] += part;
      else if (fields.push(part) > 2 * mostFields) return false;
    }
    spans.length = 0;
    return true;
  }
}

/** llhttp leaves the white space at the end of a value, though it is not part of the value (RFC 9110 section 5.5). */
function trimEnds(fields: string[]): void {
  for (let i = 1; i < fields.length; i += 2) {
    const value = fields[i] ?? '';
    let end = value.length;
    while (end > 0 && isBlank(value.charCodeAt(end - 1))) end--;
    if (end < value.length) fields[i] = value.slice(0, end);
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
