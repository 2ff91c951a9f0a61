// Understands what an event listener says on its standard output, in whatever pieces
// (supervisor/dispatchers.py, PEventListenerDispatcher). The memory for it is bounded. Pure.
//
//   ACKNOWLEDGED  the listener has not said READY since its last event, or ever
//   READY         it waits for an event
//   BUSY          it has been sent an event
//   UNKNOWN       it has broken the protocol, and is sent no more events

export type ListenerState = 'ACKNOWLEDGED' | 'READY' | 'BUSY' | 'UNKNOWN';

const readyToken = Buffer.from('READY\n');
/** The word before the length. Supervisor looks at no byte of it. */
const resultTokenLength = 'RESULT '.length;
/** Bytes of a result line, at most. */
const longestLine = 1024;
/** Bytes of a result that can count. A longer result counts as wrong. */
const longestResult = 2;

export interface Parser {
  readonly state: ListenerState;
  /** What has come so far of the result of the event that was sent. */
  readonly held: Buffer;
  /** Bytes of the result; null: its line has not come yet. */
  readonly resultLength: number | null;
  readonly resultGot: number;
  /** The beginning of the result. */
  readonly result: Buffer;
}

export type Heard =
  | { readonly kind: 'state'; readonly from: ListenerState; readonly to: ListenerState }
  /** The event is dealt with. */
  | { readonly kind: 'accepted' }
  /** The event has to be sent again. */
  | { readonly kind: 'rejected' }
  /** The listener has broken the protocol, and the event has to be sent again. */
  | { readonly kind: 'bad-result'; readonly line: Buffer };

const nothing = Buffer.alloc(0);

export const newParser: Parser = parserIn('ACKNOWLEDGED');

/** The parser of a listener in this state that has said nothing yet. */
export function parserIn(state: ListenerState): Parser {
  return { state, held: nothing, resultLength: null, resultGot: 0, result: nothing };
}

/** The listener has been sent an event. */
export function sent(parser: Parser): Parser {
  return { ...parser, state: 'BUSY' };
}

/** The next parser, and what was understood in the bytes, in order. */
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

/** Makes one decision. Returns the same parser when the bytes are too few for one. */
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

/** Python's int() for numbers that are not negative; null where it fails. */
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
