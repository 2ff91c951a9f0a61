// One client's connection as a machine: which request is answered, what is read, what is waited for and for how long, how it ends.
// Pure: no socket, no clock, no parser. What they do arrives in events. connection.ts makes the effects happen.
//
// `reading` is what the client's next bytes are:
//   none      the beginning of a request
//   head      the rest of a request's head
//   body      the rest of the body of the request that is being answered
//   dropped   the rest of a body that nobody wants
//   lost      unknown, since nobody knows where the next request begins: no more is read
//   away      a WebSocket's, which the code that serves it reads
// `stage` is what the request that is being answered waits for; null: none is being answered.
//   body      its body
//   app       an app's answer
//   send      the client, which an answer is sent to, or soon will be
//   tunnel    the end of a WebSocket that has begun
// `awaits` is what has to happen in time; null: nothing that the client could do.
//   first     the first request's head is here to its end
//   head      the head of another request, which has begun, is here to its end
//   next      another request begins, or more of a dropped body comes
//   body      more of a body comes
//   answer    an answer begins, for a client that has closed its half and may have left
//   taking    the client takes some of what is sent to it
//   tunnel    a byte moves either way
//   last      a request comes that may be on its way while the worker goes
//   end       the client closes its half after we have closed ours

export type Reading = 'none' | 'head' | 'body' | 'dropped' | 'lost' | 'away';
export type Stage = 'body' | 'app' | 'send' | 'tunnel';
export type Awaited = 'first' | 'head' | 'next' | 'body' | 'answer' | 'taking' | 'tunnel' | 'last' | 'end';

export interface Line {
  readonly reading: Reading;
  readonly stage: Stage | null;
  readonly awaits: Awaited | null;
  /** Bytes are here that were not read yet: they are held. */
  readonly isHolding: boolean;
  /** The socket is paused. */
  readonly isPaused: boolean;
  /** The body of the present request is being taken. */
  readonly isWanted: boolean;
  /** The client has closed its half. */
  readonly hasEnded: boolean;
  /** Another request is here, and waits until other connections have had their turn. */
  readonly isWaiting: boolean;
  /** This many requests that came at once were answered in a row: other connections have their turn before the next. */
  readonly isTurnOver: boolean;
  /** Whether a request has come on this connection. */
  readonly isUsed: boolean;
  /** The status to end with once the present request has its answer; 0: none. */
  readonly failure: number;
  /** The worker goes, so every answer is its connection's last. */
  readonly isDraining: boolean;
  /** Nothing more is served, and what still comes is dropped. */
  readonly isEnding: boolean;
}

export type LineEvent =
  /** Bytes have come, and are held. Only while takesBytes(). */
  | { readonly kind: 'bytes' }
  /** The bytes that were held are part of a head, which goes on. */
  | { readonly kind: 'head-part' }
  /** A head was read to its end. `isHolding`: more bytes are held; `hasBody`: a body follows; `isTurnOver`: as in Line. */
  | {
      readonly kind: 'request';
      readonly hasBody: boolean;
      readonly isHolding: boolean;
      readonly isTurnOver: boolean;
      readonly what: 'plain' | 'websocket' | 'connect';
    }
  /** More of a body was read, or of its framing. */
  | { readonly kind: 'body-part'; readonly isHolding: boolean }
  /** The body was read to its end. */
  | { readonly kind: 'body-end'; readonly hasTrailers: boolean }
  /** A chunk announces more than the body may have. */
  | { readonly kind: 'body-too-large' }
  /** The held bytes are no HTTP, or more than is allowed. The status says which. */
  | { readonly kind: 'bad'; readonly status: number }
  /** No more of the held bytes can be read now. */
  | { readonly kind: 'rest' }
  /** Other connections have had their turn. */
  | { readonly kind: 'turn' }
  /** The client has closed its half. */
  | { readonly kind: 'ended' }
  /** The code that serves the request takes more of its body, takes none for now, wants no more of it. */
  | { readonly kind: 'wanted' | 'unwanted' | 'discard' }
  /** The code that serves the request has come to this stage. */
  | { readonly kind: 'stage'; readonly stage: Stage }
  /** A byte of a body has moved, or one in a tunnel. */
  | { readonly kind: 'moved' }
  /** The client has not taken all of an answer at once. */
  | { readonly kind: 'unsent' }
  /** The request has its answer, or was given up. `isLast`: the answer says that the connection ends. */
  | { readonly kind: 'answered'; readonly isLast: boolean }
  /** The awaited thing has not come in time. `isUnsent`: some of an answer waits for the client; `hasMoved`: the client has taken some since. */
  | { readonly kind: 'late'; readonly isUnsent: boolean; readonly hasMoved: boolean }
  /** The worker goes. `isPatient`: an idle client has a moment for another request. `isQuiet`: nothing has come since the last answer. */
  | { readonly kind: 'drain'; readonly isPatient: boolean; readonly isQuiet: boolean }
  /** The connection is to end: after what has been written; at once. */
  | { readonly kind: 'end' | 'destroy' };

export type Effect =
  /** Answer the request that was read; give the connection to a WebSocket. */
  | { readonly kind: 'answer' | 'upgrade' }
  /** Answer what could not be read with this status. */
  | { readonly kind: 'refuse'; readonly status: number }
  /** Answer the present request with this status, whatever it asked for. */
  | { readonly kind: 'refuse-body'; readonly status: number }
  /** Tell the code that serves the request that its body is too large; that the rest of the body is dropped. */
  | { readonly kind: 'too-large' | 'drop' }
  /** Read on in the held bytes: now, or once the code that serves the request has returned. */
  | { readonly kind: 'read' | 'read-soon' }
  /** Post "turn" when other connections have had theirs. */
  | { readonly kind: 'give-way' }
  /** Pause or resume the socket. */
  | { readonly kind: 'pause' | 'resume' }
  /** Wait for this, and no longer for the thing before. Post "late" when it has not come in time. */
  | { readonly kind: 'wait'; readonly for: Awaited }
  /** Close our half, and go on reading to drop what still comes. */
  | { readonly kind: 'end' }
  /** Close the socket. `status`: for the log of the present request, where it has no answer. */
  | { readonly kind: 'destroy'; readonly status?: number };

export interface Step {
  readonly line: Line;
  readonly effects: readonly Effect[];
}

const wait = (awaited: Awaited): Effect => ({ kind: 'wait', for: awaited });
const none: readonly Effect[] = [];
const read: readonly Effect[] = [{ kind: 'read' }];
const readSoon: readonly Effect[] = [{ kind: 'read-soon' }];
const answer: readonly Effect[] = [{ kind: 'answer' }];
const ending: readonly Effect[] = [{ kind: 'end' }, wait('end')];
const destroying: readonly Effect[] = [{ kind: 'destroy' }];
const waiting: Readonly<Record<Awaited, readonly Effect[]>> = {
  first: [wait('first')],
  head: [wait('head')],
  next: [wait('next')],
  body: [wait('body')],
  answer: [wait('answer')],
  taking: [wait('taking')],
  tunnel: [wait('tunnel')],
  last: [wait('last')],
  end: [wait('end')],
};
const waitingAndReading = {
  body: [wait('body'), { kind: 'read' }],
  next: [wait('next'), { kind: 'read-soon' }],
  last: [wait('last'), { kind: 'read-soon' }],
} as const;
const waitingAndDropping = {
  next: [wait('next'), { kind: 'drop' }],
  last: [wait('last'), { kind: 'drop' }],
} as const;
const upgrade: readonly Effect[] = [{ kind: 'upgrade' }];
const tooLarge: readonly Effect[] = [{ kind: 'too-large' }];

/** The state of a connection that has just been accepted. */
export function opened(): Step {
  return {
    line: {
      reading: 'none',
      stage: null,
      awaits: 'first',
      isHolding: false,
      isPaused: false,
      isWanted: false,
      hasEnded: false,
      isWaiting: false,
      isTurnOver: false,
      isUsed: false,
      failure: 0,
      isDraining: false,
      isEnding: false,
    },
    effects: waiting.first,
  };
}

/** Whether bytes that come have any use. */
export function takesBytes({ isEnding, reading }: Line): boolean {
  return !isEnding && reading !== 'lost' && reading !== 'away';
}

/** Whether held bytes may be read: a head only when no answer is due, a body only while it is taken. */
export function mayRead({
  isHolding,
  isEnding,
  isWaiting,
  reading,
  stage,
  isWanted,
  isTurnOver,
}: Line): boolean {
  if (!isHolding || isEnding || isWaiting) return false;
  switch (reading) {
    case 'none':
    case 'head':
      return stage === null && !isTurnOver;
    case 'body':
      return isWanted;
    case 'dropped':
      return true;
    case 'lost':
    case 'away':
      return false;
  }
}

/** Whether the present answer may promise that the connection goes on. */
export function mayContinue({ isDraining, hasEnded, isHolding }: Line): boolean {
  return !isDraining && (!hasEnded || isHolding);
}

/** Whether the connection can be closed without loss of an answer that the client waits for. */
export function isIdle({ stage, isWaiting, isEnding }: Line): boolean {
  return stage === null && !isWaiting && !isEnding;
}

export function next(line: Line, event: LineEvent): Step {
  if (line.isEnding) return whenEnding(line, event);
  switch (event.kind) {
    case 'bytes':
      return bytesCame(line);
    case 'head-part':
      return headGoesOn(line);
    case 'request':
      return requested(line, event);
    case 'body-part':
      return stay({ ...line, isHolding: event.isHolding });
    case 'body-end':
      return bodyEnded(line, event.hasTrailers);
    case 'body-too-large':
      return line.reading === 'dropped' ? lose(line) : { line, effects: tooLarge };
    case 'bad':
      return line.reading === 'dropped' ? lose(line) : fail(line, event.status);
    case 'rest':
      return rest(line);
    case 'turn':
      return { line: { ...line, isWaiting: false, isTurnOver: false }, effects: read };
    case 'ended':
      return clientEnded({ ...line, hasEnded: true });
    case 'wanted':
      if (line.reading !== 'body') return stay(line);
      return { line: line.isWanted ? line : { ...line, isWanted: true }, effects: soon(line) };
    case 'unwanted':
      return stay({ ...line, isWanted: false });
    case 'discard':
      return line.reading === 'body' || line.reading === 'dropped'
        ? { line: { ...line, reading: 'dropped' }, effects: soon(line) }
        : stay(line);
    case 'stage':
      return comesTo(line, event.stage);
    case 'moved':
      return line.awaits === 'body' || line.awaits === 'tunnel'
        ? { line, effects: waiting[line.awaits] }
        : stay(line);
    case 'unsent':
      return line.stage === 'send' && line.awaits !== 'taking' ? awaiting(line, 'taking') : stay(line);
    case 'answered':
      return answered(line, event.isLast);
    case 'late':
      return late(line, event);
    case 'drain':
      return drain({ ...line, isDraining: true }, event);
    case 'end':
      return end(line);
    case 'destroy':
      return destroy(line);
  }
}

function stay(line: Line): Step {
  return { line, effects: none };
}

function awaiting(line: Line, awaits: Awaited): Step {
  return { line: { ...line, awaits }, effects: waiting[awaits] };
}

function soon({ isHolding }: Line): readonly Effect[] {
  return isHolding ? readSoon : none;
}

/** In a line that is over, nothing else matters. */
function over({ stage }: Line, awaits: 'end' | null): Line {
  return { ...opened().line, reading: 'lost', stage, awaits, isEnding: true };
}

/** Ends the connection after what has been written. */
function end(line: Line): Step {
  return { line: over(line, 'end'), effects: ending };
}

function destroy(line: Line, effects: readonly Effect[] = destroying): Step {
  return { line: over(line, null), effects };
}

function whenEnding(line: Line, event: LineEvent): Step {
  switch (event.kind) {
    case 'answered':
      return stay({ ...line, stage: null });
    case 'late':
    case 'destroy':
      return destroy(line);
    default:
      return stay(line);
  }
}

function bytesCame(line: Line): Step {
  if (!takesBytes(line)) return stay(line);
  // What is read from bytes that were already held has come at once with the last request.
  const isTurnOver = line.isHolding && line.isTurnOver;
  return {
    line: { ...line, isHolding: true, isTurnOver },
    effects: line.awaits === 'body' ? waitingAndReading.body : read,
  };
}

function headGoesOn(line: Line): Step {
  const begun: Line = { ...line, reading: 'head', isHolding: false };
  // The head's time began with its first byte. During a drain it has the time of any other request.
  return line.reading === 'head' || line.awaits === 'last' ? stay(begun) : awaiting(begun, 'head');
}

function requested(line: Line, event: LineEvent & { readonly kind: 'request' }): Step {
  if (event.what === 'connect') return fail(line, 405);
  // Only the reader of an embedding program finds a head while an answer is due.
  if (line.stage !== null) return fail(line, 400);
  const isAway = event.what === 'websocket';
  return {
    line: {
      ...line,
      reading: isAway ? 'away' : event.hasBody ? 'body' : 'none',
      stage: 'send',
      awaits: null,
      isHolding: event.isHolding && !isAway,
      isTurnOver: event.isTurnOver,
      isUsed: true,
    },
    effects: isAway ? upgrade : answer,
  };
}

function bodyEnded(line: Line, hasTrailers: boolean): Step {
  // Parsers disagree on where trailers end. The reader of a wanted body sees to it that nothing follows them.
  if (hasTrailers && line.reading === 'dropped') return lose(line);
  return stay({ ...line, reading: 'none', isWanted: false });
}

/** What follows can't be understood: answers `status` after the answer that is due, and ends. */
function fail(line: Line, status: number): Step {
  if (line.failure !== 0) return stay(line);
  const failed: Line = { ...line, reading: 'lost', isHolding: false, failure: status };
  if (line.stage === null) return refuse(failed);
  // A request that is here to its end is still answered.
  const isOfBody = line.stage === 'body' && line.reading === 'body';
  return isOfBody ? { line: failed, effects: [{ kind: 'refuse-body', status }] } : stay(failed);
}

function refuse(line: Line): Step {
  const { line: ended, effects } = end(line);
  return { line: ended, effects: [{ kind: 'refuse', status: line.failure }, ...effects] };
}

/** The rest of a dropped body can't be understood. Its request has its answer, or soon will. */
function lose(line: Line): Step {
  const lost: Line = { ...line, reading: 'lost', isHolding: false };
  return line.stage === null ? end(lost) : stay(lost);
}

function isInside({ reading }: Line): boolean {
  return reading === 'head' || reading === 'body' || reading === 'dropped';
}

function rest(line: Line): Step {
  if (line.hasEnded && !line.isHolding) {
    if (isInside(line)) return destroy(line);
    // The last of the held bytes was the end of a body that nobody wanted. Its request has its answer.
    if (line.stage === null) return end(line);
  }
  const isPaused = line.isHolding;
  const isWaiting =
    line.isHolding && !line.isWaiting && line.stage === null && !isInBody(line) && line.isTurnOver;
  if (isPaused === line.isPaused && !isWaiting) return stay(line);
  const effects: Effect[] = [];
  if (isPaused !== line.isPaused) effects.push({ kind: isPaused ? 'pause' : 'resume' });
  if (isWaiting) effects.push({ kind: 'give-way' });
  return { line: { ...line, isPaused, isWaiting: line.isWaiting || isWaiting }, effects };
}

function isInBody({ reading }: Line): boolean {
  return reading === 'body' || reading === 'dropped';
}

/** A client that has closed its half may still read. It looks the same as a client that has gone, so the app gets only a moment. */
function clientEnded(line: Line): Step {
  // Held bytes are read first.
  if (!line.isHolding && isInside(line)) return destroy(line);
  if (line.stage === null) return line.isHolding ? stay(line) : end(line);
  const mayHaveLeft = line.stage === 'app' || (line.stage === 'body' && !isInBody(line));
  return mayHaveLeft ? awaiting(line, 'answer') : stay(line);
}

function comesTo(line: Line, stage: Stage): Step {
  switch (stage) {
    case 'body':
      return awaiting({ ...line, stage }, 'body');
    case 'app':
      if (!line.hasEnded) return stay({ ...line, stage, awaits: null });
      return line.awaits === 'answer' ? stay({ ...line, stage }) : awaiting({ ...line, stage }, 'answer');
    case 'send':
      return line.stage === stage && line.awaits === null
        ? stay(line)
        : stay({ ...line, stage, awaits: null });
    case 'tunnel':
      return awaiting({ ...line, stage }, 'tunnel');
  }
}

function answered(line: Line, isLast: boolean): Step {
  const awaits = line.isDraining ? 'last' : 'next';
  const reading = line.reading === 'body' ? 'dropped' : line.reading;
  const after: Line = { ...line, reading, stage: null, awaits, isWanted: false };
  if (isLast || reading === 'away') return end(after);
  if (line.failure !== 0) return refuse(after);
  if (reading === 'lost' || (line.hasEnded && !line.isHolding)) return end(after);
  if (line.reading === 'body') return { line: after, effects: waitingAndDropping[awaits] };
  return { line: after, effects: line.isHolding ? waitingAndReading[awaits] : waiting[awaits] };
}

function late(line: Line, { isUnsent, hasMoved }: LineEvent & { readonly kind: 'late' }): Step {
  switch (line.awaits) {
    case null:
      return stay(line);
    case 'taking':
      if (!isUnsent) return stay({ ...line, awaits: null });
      return hasMoved ? { line, effects: waiting.taking } : destroy(line);
    case 'last':
      return end(line);
    case 'body':
      return destroy(line, [{ kind: 'destroy', status: 408 }]);
    default:
      return destroy(line);
  }
}

/** A busy connection ends after its answer. A connection whose next request may be on its way ends a little later. */
function drain(line: Line, { isPatient, isQuiet }: LineEvent & { readonly kind: 'drain' }): Step {
  if (line.stage !== null) return stay(line);
  const isQuietNow = isQuiet && line.isUsed && line.reading === 'none' && !line.isHolding;
  if (isQuietNow && !isPatient && !line.isWaiting) return end(line);
  return line.awaits === 'last' ? stay(line) : awaiting(line, 'last');
}
