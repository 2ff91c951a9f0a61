// What an event listener says on its standard output, byte by byte, however it is cut into pieces
// (supervisor/dispatchers.py, PEventListenerDispatcher). Whatever it says costs a bounded amount of memory. Pure.
//
//   ACKNOWLEDGED  has not said READY since its last event, or ever
//   READY         waits for an event
//   BUSY          has been sent one
//   UNKNOWN       has said what it may not, and is told nothing more

export type ListenerState = 'ACKNOWLEDGED' | 'READY' | 'BUSY' | 'UNKNOWN';

const readyToken = Buffer.from('READY\n');
/** What comes before the length: Supervisor looks at no byte of it. */
const resultTokenLength = 'RESULT '.length;
/** A result line is not longer than that, in bytes. */
const longestLine = 1024;
/** Nothing in a result that is longer counts, in bytes. */
const longestResult = 2;

export interface Parser {
  readonly state: ListenerState;
  /** Of an event that has been sent, what has come of its result so far. */
  readonly held: Buffer;
  /** Bytes of the result; null: its line has not come yet. */
  readonly resultLength: number | null;
  readonly resultGot: number;
  /** Its beginning. */
  readonly result: Buffer;
}

export type Heard =
  | { readonly kind: 'state'; readonly from: ListenerState; readonly to: ListenerState }
  /** The event is dealt with. */
  | { readonly kind: 'accepted' }
  /** The event is to be sent again. */
  | { readonly kind: 'rejected' }
  /** The event is to be sent again. The listener has broken the protocol. */
  | { readonly kind: 'bad-result'; readonly line: Buffer };

const nothing = Buffer.alloc(0);

export const newParser: Parser = parserIn('ACKNOWLEDGED');

/** One in this state that has said nothing yet. */
export function parserIn(state: ListenerState): Parser {
  return { state, held: nothing, resultLength: null, resultGot: 0, result: nothing };
}

/** An event has been sent to it. */
export function sent(parser: Parser): Parser {
  return { ...parser, state: 'BUSY' };
}

/** The next parser, and what it has made of the bytes, in their order. */
export function hear(
  parser: Parser,
  data: Buffer,
): { readonly parser: Parser; readonly heard: readonly Heard[] } {
  const heard: Heard[] = [];
  let next: Parser = { ...parser, held: Buffer.concat([parser.held, data]) };
  while (next.held.length > 0) {
    const before = next;
    next = step(next, heard);
    if (next === before) break;
  }
  return { parser: next, heard };
}

/** One decision; the same parser when there is not enough to make one. */
function step(parser: Parser, heard: Heard[]): Parser {
  switch (parser.state) {
    case 'UNKNOWN':
      return { ...parser, held: nothing };
    case 'READY':
      return enter(parser, 'UNKNOWN', heard);
    case 'ACKNOWLEDGED': {
      if (parser.held.length < readyToken.length) return parser;
      const isReady = parser.held.subarray(0, readyToken.length).equals(readyToken);
      if (!isReady) return enter(parser, 'UNKNOWN', heard);
      return { ...enter(parser, 'READY', heard), held: parser.held.subarray(readyToken.length) };
    }
    case 'BUSY':
      return parser.resultLength === null ? resultLine(parser, heard) : resultBody(parser, heard);
  }
}

function enter(parser: Parser, to: ListenerState, heard: Heard[]): Parser {
  heard.push({ kind: 'state', from: parser.state, to });
  return parserIn(to);
}

function resultLine(parser: Parser, heard: Heard[]): Parser {
  const { held } = parser;
  const end = held.indexOf(10);
  if (end < 0 && held.length <= longestLine) return parser;
  const line = held.subarray(0, end < 0 ? longestLine : end);
  const resultLength = end < 0 ? null : lengthIn(line.subarray(resultTokenLength));
  if (resultLength !== null) return { ...parser, held: held.subarray(end + 1), resultLength };
  heard.push({ kind: 'bad-result', line });
  return enter(parser, 'UNKNOWN', heard);
}

/** int() of Python, of what is not below zero; null where it fails. */
function lengthIn(text: Buffer): number | null {
  const digits = text.toString('latin1').replace(/^[\t-\r ]+|[\t-\r ]+$/g, '');
  if (!/^(?:\+?\d+(?:_\d+)*|-0+(?:_0+)*)$/.test(digits)) return null;
  return Math.abs(Number(digits.replaceAll('_', '')));
}

function resultBody(parser: Parser, heard: Heard[]): Parser {
  const length = parser.resultLength ?? 0;
  const piece = parser.held.subarray(0, length - parser.resultGot);
  const resultGot = parser.resultGot + piece.length;
  const result = Buffer.concat([parser.result, piece.subarray(0, longestResult)]).subarray(0, longestResult);
  const held = parser.held.subarray(piece.length);
  if (resultGot < length) return { ...parser, held, resultGot, result };
  heard.push({
    kind: length === longestResult && result.toString('latin1') === 'OK' ? 'accepted' : 'rejected',
  });
  return { ...enter(parser, 'ACKNOWLEDGED', heard), held };
}
