// What crosses on a control connection that was upgraded for `hostctl exec`, `shell` and `attach`: frames of one kind byte, a
// length of four bytes (big-endian), and that many bytes. hostctl begins with one `open`; hostd ends with one `exit` or `error`.

export const terminalPath = '/v1/terminal';
export const terminalProtocol = 'hostd-terminal';

/** What to run. `attach` writes to the standard input of the program that runs. */
export interface TerminalRequest {
  /** An app or a program. */
  readonly name: string;
  readonly what: 'exec' | 'shell' | 'django' | 'attach';
  /** For exec. */
  readonly argv: readonly string[];
  /** More variables for the command's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** null: separate pipes for input, output and errors. */
  readonly terminal: TerminalKind | null;
}

export interface TerminalKind extends TerminalSize {
  /** $TERM. */
  readonly term: string;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export type FrameKind =
  | 'open'
  | 'input'
  | 'end'
  | 'resize'
  | 'signal'
  | 'output'
  | 'errors'
  | 'exit'
  | 'error';

const numbers: Readonly<Record<FrameKind, number>> = {
  open: 1,
  input: 2,
  end: 3,
  resize: 4,
  signal: 5,
  output: 16,
  errors: 17,
  exit: 18,
  error: 19,
};
const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name as FrameKind]));

/** Longest frame, in bytes: an `open` carries a whole command line. */
export const frameLimit = 262_144;
const header = 5;

export interface Frame {
  readonly kind: FrameKind;
  readonly bytes: Buffer;
}

/** How a command ended. One of the two is set. */
export interface TerminalExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Frames of `bytes`: several, where they do not fit one. */
export function encodeFrame(kind: FrameKind, bytes: Uint8Array | string = ''): Buffer {
  const body = Buffer.from(bytes as Uint8Array);
  if (body.length > frameLimit)
    return Buffer.concat([
      encodeFrame(kind, body.subarray(0, frameLimit)),
      encodeFrame(kind, body.subarray(frameLimit)),
    ]);
  const head = Buffer.allocUnsafe(header);
  head.writeUInt8(numbers[kind], 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Takes bytes as they come, and gives whole frames. After something that is no frame it gives null for ever. */
export class FrameReader {
  /** Bytes without a whole frame. They are joined once they are enough, not with every piece. */
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes that the next frame needs, as far as is known. */
  #wanted = header;
  #broken = false;

  push(bytes: Buffer): Frame[] | null {
    if (this.#broken) return null;
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size < this.#wanted) return [];
    let rest = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    const frames: Frame[] = [];
    this.#wanted = header;
    while (rest.length >= header) {
      const kind = names.get(rest.readUInt8(0));
      const length = rest.readUInt32BE(1);
      if (kind === undefined || length > frameLimit) {
        this.#broken = true;
        this.#pieces = [];
        return null;
      }
      this.#wanted = header + length;
      if (rest.length < this.#wanted) break;
      frames.push({ kind, bytes: rest.subarray(header, this.#wanted) });
      rest = rest.subarray(this.#wanted);
      this.#wanted = header;
    }
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return frames;
  }
}

/** The request in an `open` frame; null: it is not exactly one. */
export function decodeRequest(bytes: Buffer): TerminalRequest | null {
  const value = parse(bytes);
  if (value === null) return null;
  const { name, what, argv, terminal, env = {} } = value;
  if (typeof name !== 'string' || !isWhat(what) || !isWords(argv) || (what === 'exec' && argv.length === 0))
    return null;
  const kind = terminal === null ? null : decodeTerminal(terminal);
  return kind === undefined || !isEnvironment(env) ? null : { name, what, argv, env, terminal: kind };
}

/** The size in a `resize` frame, or null. */
export function decodeSize(bytes: Buffer): TerminalSize | null {
  const value = parse(bytes);
  return value !== null && isSide(value['columns']) && isSide(value['rows'])
    ? { columns: value['columns'], rows: value['rows'] }
    : null;
}

function decodeTerminal(value: unknown): TerminalKind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { columns, rows, term } = value as Readonly<Record<string, unknown>>;
  // $TERM becomes a variable of the app's environment, and the name of a file of terminfo(5).
  if (
    !isSide(columns) ||
    !isSide(rows) ||
    typeof term !== 'string' ||
    !/^[A-Za-z0-9][\w.+-]{0,63}$/.test(term)
  )
    return undefined;
  return { columns, rows, term };
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isWhat(value: unknown): value is TerminalRequest['what'] {
  return value === 'exec' || value === 'shell' || value === 'django' || value === 'attach';
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(word => typeof word === 'string' && !word.includes('\0'));
}

/** Whether a command may be given a variable of this name. hostd's own variables tell which run a process belongs to. */
export function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith('HOSTD_');
}

function isEnvironment(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).every(isVariable) &&
    isWords(Object.values(value))
  );
}

function isSide(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}
