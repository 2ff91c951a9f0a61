// One client's connection as a machine: who is answered, what is read, for how long something is waited for, and how it ends.
// Pure: no socket, no clock, no parser; what they do arrives in events. connection.ts makes the effects happen.
//
// `reading` is what comes next of what the client sends:
//   none      a request
//   head      the rest of a request's head
//   body      the rest of the body of the request that is being answered
//   dropped   the same, and nobody wants it
//   lost      nobody knows where the next request would begin: nothing more is read
//   away      a WebSocket's bytes, which whoever serves it reads
// `stage` is what the request that is being answered waits for; null: none is being answered.
//   body      the client's body is collected
//   app       an app is asked
//   send      an answer is sent, or is about to be
//   tunnel    a WebSocket has begun
// `awaits` is what has to happen in time; null: nothing that the client could do.
//   first     the first request's head, to its end
//   head      the same, of one that has begun
//   next      another request, or the rest of a body that is dropped
//   body      more of a body
//   answer    the beginning of an answer for a client that has closed its half: it may have left
//   taking    that the client takes something of what waits for it
//   tunnel    a byte either way
//   last      a request that may be on its way while the worker goes
//   end       the client's end after ours

export type Reading = 'none' | 'head' | 'body' | 'dropped' | 'lost' | 'away';
export type Stage = 'body' | 'app' | 'send' | 'tunnel';
export type Awaited = 'first' | 'head' | 'next' | 'body' | 'answer' | 'taking' | 'tunnel' | 'last' | 'end';

export interface Line {
  readonly reading: Reading;
  readonly stage: Stage | null;
  readonly awaits: Awaited | null;
  /** Bytes are here that were not read yet. */
  readonly isHolding: boolean;
  /** The socket is told to read no further. */
  readonly isPaused: boolean;
  /** Whoever serves the request takes its body now. */
  readonly isWanted: boolean;
  /** The client has closed its half. */
  readonly hasEnded: boolean;
  /** Another request is here, and waits until other connections have had their turn. */
  readonly isWaiting: boolean;
  /** So many requests that came at once were answered in a row that others have their turn before the next. */
  readonly isTurnOver: boolean;
  /** Whether a request has come. */
  readonly isUsed: boolean;
  /** The status to end with once the request that is being answered has its answer; 0: none. */
  readonly failure: number;
  /** The worker goes: every answer is the last one. */
  readonly isDraining: boolean;
  /** Nothing more is served: what still comes is dropped. */
  readonly isEnding: boolean;
}

export type LineEvent =
  /** Bytes have come, and are held. Only while takesBytes(). */
  | { readonly kind: 'bytes' }
  /** What was held is part of a head, which goes on. */
  | { readonly kind: 'head-part' }
  /** A head is read to its end. `isHolding`: more is here; `hasBody`: a body follows; `isTurnOver`: as Line has it. */
  | {
      readonly kind: 'request';
      readonly hasBody: boolean;
      readonly isHolding: boolean;
      readonly isTurnOver: boolean;
      readonly what: 'plain' | 'websocket' | 'connect';
    }
  /** More of a body is read, or of what frames it. */
  | { readonly kind: 'body-part'; readonly isHolding: boolean }
  /** The body was read to its end. */
  | { readonly kind: 'body-end'; readonly hasTrailers: boolean }
  /** A chunk of a body has announced itself that is larger than it may be. */
  | { readonly kind: 'body-too-large' }
  /** What is held is no HTTP, or more than there may be: the status that says so. */
  | { readonly kind: 'bad'; readonly status: number }
  /** Nothing more of what is held can be read now. */
  | { readonly kind: 'rest' }
  /** Other connections have had their turn. */
  | { readonly kind: 'turn' }
  /** The client has closed its half. */
  | { readonly kind: 'ended' }
  /** Whoever serves the request takes more of its body, takes none now, wants no more of it. */
  | { readonly kind: 'wanted' | 'unwanted' | 'discard' }
  /** Whoever serves the request has come to this stage. */
  | { readonly kind: 'stage'; readonly stage: Stage }
  /** A byte has moved of a body or in a tunnel. */
  | { readonly kind: 'moved' }
  /** Something of an answer is left that the client has not taken at once. */
  | { readonly kind: 'unsent' }
  /** The request has its answer, or was given up. `isLast`: the answer says that the connection ends. */
  | { readonly kind: 'answered'; readonly isLast: boolean }
  /** What is awaited has not come in time. `isUnsent`: something waits for the client; `hasMoved`: it has taken some of it since. */
  | { readonly kind: 'late'; readonly isUnsent: boolean; readonly hasMoved: boolean }
  /** The worker goes. `isPatient`: an idle client has a moment for a request. `isQuiet`: nothing has come since the last answer. */
  | { readonly kind: 'drain'; readonly isPatient: boolean; readonly isQuiet: boolean }
  /** Ends it after what has been written; ends it where it stands. */
  | { readonly kind: 'end' | 'destroy' };

export type Effect =
  /** Answers the request that was read; gives the connection to a WebSocket. */
  | { readonly kind: 'answer' | 'upgrade' }
  /** Answers what could not be read with this status. */
  | { readonly kind: 'refuse'; readonly status: number }
  /** The request that is being answered gets this status, and nothing else. */
  | { readonly kind: 'refuse-body'; readonly status: number }
  /** Tells whoever serves the request that its body is too large; that the rest of it is dropped. */
  | { readonly kind: 'too-large' | 'drop' }
  /** Reads on in what is held: now, or when whoever serves the request has done what it does. */
  | { readonly kind: 'read' | 'read-soon' }
  /** Posts "turn" when others had theirs. */
  | { readonly kind: 'give-way' }
  /** Of the socket. */
  | { readonly kind: 'pause' | 'resume' }
  /** From now on, instead of what was waited for. Posts "late". */
  | { readonly kind: 'wait'; readonly for: Awaited }
  /** Closes our half, and reads to drop what still comes. */
  | { readonly kind: 'end' }
  /** Closes it. `status`: of the request that is being answered, where it has no answer. */
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

/** A connection that has just been accepted. */
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

/** Whether bytes that come are of any use. */
export function takesBytes({ isEnding, reading }: Line): boolean {
  return !isEnding && reading !== 'lost' && reading !== 'away';
}

/** Whether what is held may be read: a head only when no answer is due, a body only as it is taken. */
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

/** Whether the answer to the present request may promise that another one is answered. */
export function mayContinue({ isDraining, hasEnded, isHolding }: Line): boolean {
  return !isDraining && (!hasEnded || isHolding);
}

/** Whether it can be closed without taking anything from its client that it has asked for. */
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

/** Of a line that ends nothing else matters any more. */
function over({ stage }: Line, awaits: 'end' | null): Line {
  return { ...opened().line, reading: 'lost', stage, awaits, isEnding: true };
}

/** After what has been written. */
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
  // What follows on what is held belongs to what came at once.
  const isTurnOver = line.isHolding && line.isTurnOver;
  return {
    line: { ...line, isHolding: true, isTurnOver },
    effects: line.awaits === 'body' ? waitingAndReading.body : read,
  };
}

function headGoesOn(line: Line): Step {
  const begun: Line = { ...line, reading: 'head', isHolding: false };
  // Its time began with its first byte. In a drain it has what any request has.
  return line.reading === 'head' || line.awaits === 'last' ? stay(begun) : awaiting(begun, 'head');
}

function requested(line: Line, event: LineEvent & { readonly kind: 'request' }): Step {
  if (event.what === 'connect') return fail(line, 405);
  // Only somebody else's reader has one while an answer is due.
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
  // Parsers disagree on where trailers end. Whoever takes a body sees to it that nothing follows them.
  if (hasTrailers && line.reading === 'dropped') return lose(line);
  return stay({ ...line, reading: 'none', isWanted: false });
}

/** What follows can't be understood: says `status` after the answer that is due, and ends. */
function fail(line: Line, status: number): Step {
  if (line.failure !== 0) return stay(line);
  const failed: Line = { ...line, reading: 'lost', isHolding: false, failure: status };
  if (line.stage === null) return refuse(failed);
  // A request that is here to its end is still to be answered.
  const isOfBody = line.stage === 'body' && line.reading === 'body';
  return isOfBody ? { line: failed, effects: [{ kind: 'refuse-body', status }] } : stay(failed);
}

function refuse(line: Line): Step {
  const { line: ended, effects } = end(line);
  return { line: ended, effects: [{ kind: 'refuse', status: line.failure }, ...effects] };
}

/** What was read only to be dropped can't be understood: its request has its answer, or is about to. */
function lose(line: Line): Step {
  const lost: Line = { ...line, reading: 'lost', isHolding: false };
  return line.stage === null ? end(lost) : stay(lost);
}

function isInside({ reading }: Line): boolean {
  return reading === 'head' || reading === 'body' || reading === 'dropped';
}

function rest(line: Line): Step {
  if (line.hasEnded && !line.isHolding && isInside(line)) return destroy(line);
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

/** A client that has closed its half may still read; one that has gone can't be told from it. So the app gets a moment. */
function clientEnded(line: Line): Step {
  // What is held is read first.
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

/** A busy connection ends after its answer, one whose request may be on its way a little later. */
function drain(line: Line, { isPatient, isQuiet }: LineEvent & { readonly kind: 'drain' }): Step {
  if (line.stage !== null) return stay(line);
  const isQuietNow = isQuiet && line.isUsed && line.reading === 'none' && !line.isHolding;
  if (isQuietNow && !isPatient && !line.isWaiting) return end(line);
  return line.awaits === 'last' ? stay(line) : awaiting(line, 'last');
}
