import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Effect,
  isIdle,
  type Line,
  type LineEvent,
  mayContinue,
  mayRead,
  next,
  opened,
  type Stage,
  takesBytes,
} from './line.ts';

/** The effect in a word. */
function word(effect: Effect): string {
  switch (effect.kind) {
    case 'wait':
      return `wait for ${effect.for}`;
    case 'refuse':
    case 'refuse-body':
      return `${effect.kind} ${effect.status}`;
    case 'destroy':
      return effect.status === undefined ? 'destroy' : `destroy as ${effect.status}`;
    default:
      return effect.kind;
  }
}

/** Plays events. Returns the line, and the effects of the last event. */
function play(events: readonly LineEvent[], from: Line = opened().line): { line: Line; effects: string[] } {
  let line = from;
  let effects: readonly Effect[] = [];
  for (const event of events) ({ line, effects } = next(line, event));
  return { line, effects: effects.map(word) };
}

const bytes: LineEvent = { kind: 'bytes' };
const headPart: LineEvent = { kind: 'head-part' };
const rest: LineEvent = { kind: 'rest' };
const ended: LineEvent = { kind: 'ended' };
const plain: LineEvent & { readonly kind: 'request' } = {
  kind: 'request',
  hasBody: false,
  isHolding: false,
  isTurnOver: false,
  what: 'plain',
};
const piped: LineEvent = { ...plain, isHolding: true };
const withBody: typeof plain = { ...plain, hasBody: true };
const websocket: typeof plain = { ...plain, what: 'websocket' };
const answered: LineEvent = { kind: 'answered', isLast: false };
const last: LineEvent = { kind: 'answered', isLast: true };
const late: LineEvent = { kind: 'late', isUnsent: false, hasMoved: false };
const bodyEnd: LineEvent = { kind: 'body-end', hasTrailers: false };
const stage = (stage: Stage): LineEvent => ({ kind: 'stage', stage });
const bad = (status: number): LineEvent => ({ kind: 'bad', status });
const drain = (isPatient: boolean): LineEvent => ({ kind: 'drain', isPatient, isQuiet: true });

test('a request is read at once, answered, and waited for again', () => {
  assert.deepEqual(opened().effects.map(word), ['wait for first']);
  assert.deepEqual(play([bytes]).effects, ['read']);
  assert.deepEqual(play([bytes, plain]).effects, ['answer']);
  assert.deepEqual(play([bytes, plain, stage('app'), stage('send'), answered]).effects, ['wait for next']);
});

test('a head has its time from its first byte, not from its last one', () => {
  assert.deepEqual(play([bytes, headPart]).effects, ['wait for head']);
  assert.deepEqual(play([bytes, headPart, bytes, headPart]).effects, []);
  assert.deepEqual(play([bytes, headPart, late]).effects, ['destroy']);
});

test('what comes while an answer is due waits with the client, and is read after it', () => {
  const due = play([bytes, piped]);
  assert.equal(mayRead(due.line), false);
  assert.deepEqual(play([rest], due.line).effects, ['pause']);
  assert.deepEqual(play([rest, stage('send'), answered], due.line).effects, ['wait for next', 'read-soon']);
});

test('a client that sends many requests at once lets others have their turn', () => {
  const lastOfTurn: LineEvent = { ...plain, isHolding: true, isTurnOver: true };
  const atOnce = play([bytes, piped, answered, lastOfTurn, answered]).line;
  assert.equal(mayRead(atOnce), false);
  const { line, effects } = play([rest], atOnce);
  assert.deepEqual(effects, ['pause', 'give-way']);
  assert.equal(mayRead(line), false);
  assert.equal(isIdle(line), false);
  assert.deepEqual(play([ended], line).effects, [], 'what waits is still answered');
  const turned = play([{ kind: 'turn' }], line);
  assert.deepEqual(turned.effects, ['read']);
  assert.equal(mayRead(turned.line), true);
  // A client that sends each request after the last answer has not sent them at once.
  const oneByOne = [bytes, { ...plain, isTurnOver: true }, answered, bytes];
  assert.equal(mayRead(play(oneByOne).line), true);
});

test('a body is read as it is taken, and each piece gives it more time', () => {
  const { line } = play([bytes, withBody, stage('body'), bytes]);
  assert.equal(mayRead(line), false);
  assert.deepEqual(play([{ kind: 'wanted' }], line).effects, ['read-soon']);
  assert.equal(mayRead(play([{ kind: 'wanted' }], line).line), true);
  assert.equal(mayRead(play([{ kind: 'wanted' }, { kind: 'unwanted' }], line).line), false);
  assert.deepEqual(play([{ kind: 'moved' }], line).effects, ['wait for body']);
  assert.deepEqual(play([bytes], line).effects, ['wait for body', 'read']);
  assert.deepEqual(play([late], line).effects, ['destroy as 408']);
  // Nobody has asked for the next request's body yet.
  const wanted = play([{ kind: 'wanted' }, bodyEnd, stage('app'), stage('send'), answered], line).line;
  assert.equal(mayRead(play([{ ...withBody, isHolding: true }], wanted).line), false);
});

test('a body that its answer did not wait for is dropped, and the connection goes on behind it', () => {
  const { line, effects } = play([bytes, withBody, stage('send'), answered]);
  assert.deepEqual(effects, ['wait for next', 'drop']);
  const dropped = play([{ kind: 'discard' }, bytes], line).line;
  assert.equal(mayRead(dropped), true);
  assert.deepEqual(play([bodyEnd, bytes, plain], dropped).effects, ['answer']);
});

test('a client that has closed its half is let go behind a dropped body, too', () => {
  const piping = play([bytes, piped, stage('send'), ended, answered]);
  assert.deepEqual(piping.effects, ['wait for next', 'read-soon']);
  const bodyHeld: LineEvent = { ...withBody, isHolding: true };
  const { line, effects } = play([bodyHeld, stage('send'), answered], piping.line);
  assert.deepEqual(effects, ['wait for next', 'drop']);
  assert.deepEqual(play([{ kind: 'body-part', isHolding: false }, bodyEnd, rest], line).effects, [
    'end',
    'wait for end',
  ]);
});

test('where a body that is dropped cannot be understood, or has trailers, nothing that follows is believed', () => {
  for (const event of [
    bad(400),
    { kind: 'body-too-large' },
    { kind: 'body-end', hasTrailers: true },
  ] as const) {
    assert.deepEqual(play([bytes, withBody, stage('send'), answered, event]).effects, [
      'end',
      'wait for end',
    ]);
    const due = play([bytes, withBody, stage('send'), { kind: 'discard' }, event]);
    assert.deepEqual([due.effects, takesBytes(due.line)], [[], false]);
    assert.deepEqual(play([answered], due.line).effects, ['end', 'wait for end']);
  }
});

test('what cannot be read is refused once nothing else is due, and the connection ends', () => {
  const refused = ['refuse 400', 'end', 'wait for end'];
  assert.deepEqual(play([bytes, bad(400)]).effects, refused);
  assert.deepEqual(play([bytes, plain, answered, bytes, bad(400)]).effects, refused);
  assert.deepEqual(play([bytes, { ...plain, what: 'connect' }]).effects, [
    'refuse 405',
    'end',
    'wait for end',
  ]);
});

test('a bad body is the answer of its own request, unless that is here to its end', () => {
  const body = play([bytes, withBody, stage('body')]).line;
  assert.deepEqual(play([bad(400)], body).effects, ['refuse-body 400']);
  assert.deepEqual(play([bodyEnd, bad(400)], body).effects, []);
  assert.deepEqual(play([bodyEnd, bad(400), bad(431), stage('send'), answered], body).effects, [
    'refuse 400',
    'end',
    'wait for end',
  ]);
  assert.deepEqual(play([bodyEnd, stage('app'), bad(400), stage('send'), answered], body).effects, [
    'refuse 400',
    'end',
    'wait for end',
  ]);
});

test('a chunk that is too large is told to whoever takes the body', () => {
  assert.deepEqual(play([bytes, withBody, stage('body'), { kind: 'body-too-large' }]).effects, ['too-large']);
});

test('a client that ends in the middle of a request has left; between two, it has only finished', () => {
  assert.deepEqual(play([bytes, headPart, ended]).effects, ['destroy']);
  assert.deepEqual(play([bytes, withBody, stage('body'), ended]).effects, ['destroy']);
  assert.deepEqual(play([ended]).effects, ['end', 'wait for end']);
  assert.deepEqual(play([bytes, plain, answered, ended]).effects, ['end', 'wait for end']);
});

test('what was held when the client ended is read first', () => {
  const { line, effects } = play([bytes, withBody, stage('body'), bytes, ended]);
  assert.deepEqual(effects, []);
  assert.deepEqual(play([{ kind: 'body-part', isHolding: false }, rest], line).effects, ['destroy']);
  const two = play([bytes, piped, ended]).line;
  assert.equal(mayContinue(two), true);
  assert.deepEqual(play([stage('send'), answered], two).effects, ['wait for next', 'read-soon']);
  assert.deepEqual(play([stage('send'), answered, plain, stage('send'), answered], two).effects, [
    'end',
    'wait for end',
  ]);
});

test('a client that has closed its half gets its answer, if that begins in a moment', () => {
  const asked = play([bytes, plain, stage('app')]).line;
  assert.deepEqual(play([ended], asked).effects, ['wait for answer']);
  assert.deepEqual(play([ended, late], asked).effects, ['destroy']);
  assert.deepEqual(play([ended, stage('send'), late], asked).effects, []);
  assert.equal(mayContinue(play([ended], asked).line), false);
  // The request had waited, or its body was still being collected, when the client closed its half.
  assert.deepEqual(play([ended, answered, plain, stage('app')], play([bytes, piped]).line).effects, [
    'wait for answer',
  ]);
  const stored = play([bytes, withBody, stage('body'), bodyEnd, ended]);
  assert.deepEqual(stored.effects, ['wait for answer']);
  assert.deepEqual(play([stage('app')], stored.line).effects, []);
});

test('a client that takes nothing of what waits for it is cut off; a slow one is not', () => {
  const { line, effects } = play([bytes, plain, stage('send'), { kind: 'unsent' }]);
  assert.deepEqual(effects, ['wait for taking']);
  assert.deepEqual(play([{ kind: 'unsent' }], line).effects, []);
  const stuck: LineEvent = { ...late, isUnsent: true };
  assert.deepEqual(play([stuck], line).effects, ['destroy']);
  assert.deepEqual(play([{ ...stuck, hasMoved: true }], line).effects, ['wait for taking']);
  assert.deepEqual(play([late], line).effects, []);
  assert.deepEqual(play([late, { kind: 'unsent' }], line).effects, ['wait for taking']);
});

test('the app has all the time that it is given elsewhere', () => {
  assert.deepEqual(play([bytes, plain, stage('app'), late]).effects, []);
});

test('a WebSocket’s connection is read by nobody else, and ends with it', () => {
  const { line, effects } = play([bytes, websocket]);
  assert.deepEqual(effects, ['upgrade']);
  assert.equal(takesBytes(line), false);
  assert.deepEqual(play([bytes, { ...websocket, isHolding: true }, rest]).effects, []);
  const begun = play([stage('app'), stage('tunnel')], line);
  assert.deepEqual(begun.effects, ['wait for tunnel']);
  assert.deepEqual(play([ended], begun.line).effects, []);
  assert.deepEqual(play([{ kind: 'moved' }], begun.line).effects, ['wait for tunnel']);
  assert.deepEqual(play([late], begun.line).effects, ['destroy']);
  assert.deepEqual(play([stage('app'), stage('send'), answered], line).effects, ['end', 'wait for end']);
});

test('a request that another reader offers while an answer is due is refused after that', () => {
  assert.deepEqual(play([bytes, plain, websocket, stage('send'), answered]).effects, [
    'refuse 400',
    'end',
    'wait for end',
  ]);
});

test('a drain ends what is idle, lets a request come that may be on its way, and makes each answer the last', () => {
  const idle = play([bytes, plain, answered]).line;
  assert.deepEqual(play([drain(false)], idle).effects, ['end', 'wait for end']);
  assert.deepEqual(play([drain(true)], idle).effects, ['wait for last']);
  assert.deepEqual(play([drain(true), drain(false)], idle).effects, ['end', 'wait for end']);
  assert.deepEqual(play([drain(true), late], idle).effects, ['end', 'wait for end']);
  assert.deepEqual(play([drain(true), bytes, headPart], idle).effects, []);
  assert.deepEqual(play([drain(false)]).effects, ['wait for last']);
  assert.deepEqual(play([{ kind: 'drain', isPatient: false, isQuiet: false }], idle).effects, [
    'wait for last',
  ]);
  const busy = play([bytes, plain, drain(false)]);
  assert.deepEqual([busy.effects, mayContinue(busy.line)], [[], false]);
  // The answer had promised more before.
  assert.deepEqual(play([stage('send'), answered], busy.line).effects, ['wait for last']);
});

test('an answer that says so is the last one', () => {
  assert.deepEqual(play([bytes, plain, stage('send'), last]).effects, ['end', 'wait for end']);
});

test('what ends goes on being read for a while, and no longer', () => {
  const { line } = play([bytes, plain, { kind: 'end' }]);
  assert.deepEqual(play([bytes, plain, ended, bad(400), drain(true), { kind: 'unsent' }], line).effects, []);
  assert.deepEqual(play([late], line).effects, ['destroy']);
});

/** What a client, a parser, the code that serves, a clock and the worker may do next: each only what is possible for it. */
class World {
  line = opened().line;
  /** What the timer is set for. */
  timer: string | null = null;
  answers = 0;
  offered = 0;
  refusals = 0;
  isOver = false;
  /** Microtasks and turns that are still to come. */
  isReadDue = false;
  isTurnDue = false;
  #hasEnded = false;

  constructor() {
    this.#perform(opened().effects);
  }

  post(event: LineEvent): void {
    const before = this.line;
    const { line, effects } = next(before, event);
    this.line = line;
    if (before.isEnding) {
      assert.equal(line.isEnding, true, 'what ends never begins again');
      for (const { kind } of effects) assert.equal(kind, 'destroy', 'nothing is served any more');
    }
    this.#perform(effects);
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'answer':
        case 'upgrade':
          this.answers++;
          break;
        case 'refuse':
          assert.equal(this.line.stage, null, 'nothing is refused before what is due has been answered');
          this.refusals++;
          break;
        case 'refuse-body':
          this.post({ kind: 'discard' });
          this.post(stage('send'));
          this.post(last);
          break;
        case 'too-large':
          this.post({ kind: 'discard' });
          break;
        case 'drop':
          this.post({ kind: 'discard' });
          break;
        case 'read':
          this.read();
          break;
        case 'read-soon':
          this.isReadDue = true;
          break;
        case 'give-way':
          this.isTurnDue = true;
          break;
        case 'wait':
          this.timer = effect.for;
          break;
        case 'destroy':
          this.isOver = true;
          break;
        case 'pause':
        case 'resume':
        case 'end':
          break;
      }
    }
  }

  /** What the bytes at hand mean, as the property has drawn it. */
  parsed: { readonly kind: string; readonly more: boolean }[] = [];

  read(): void {
    while (mayRead(this.line)) this.#readOne();
    this.post(rest);
    if (this.isOver || this.line.isEnding) return;
    assert.equal(this.line.isPaused, this.line.isHolding, 'who is not read is not listened to');
  }

  #readOne(): void {
    const { line } = this;
    const { kind, more } = this.parsed.shift() ?? { kind: 'part', more: false };
    if (line.reading === 'none' || line.reading === 'head') {
      assert.equal(line.stage, null, 'no head is looked at while an answer is due');
      if (kind === 'bad') this.post(bad(400));
      else if (kind === 'part') this.post(headPart);
      else {
        this.offered++;
        const what = kind === 'websocket' || kind === 'connect' ? kind : 'plain';
        const isTurnOver = this.offered % 3 === 0;
        this.post({ kind: 'request', hasBody: kind === 'body', isHolding: more, isTurnOver, what });
      }
    } else if (kind === 'bad') {
      this.post(bad(400));
    } else if (kind === 'connect') {
      this.post({ kind: 'body-too-large' });
      if (takesBytes(this.line)) this.post({ kind: 'body-part', isHolding: more });
    } else {
      this.post({ kind: 'body-part', isHolding: more });
      if (kind !== 'part') this.post({ kind: 'body-end', hasTrailers: kind === 'websocket' });
    }
  }

  act(name: string): void {
    const { line } = this;
    if (this.isOver) return;
    const { stage: at } = line;
    switch (name) {
      case 'bytes':
        if (!this.#hasEnded && !line.isPaused && takesBytes(line)) this.post(bytes);
        return;
      case 'ended':
        // A paused socket tells of its end later.
        if (!this.#hasEnded && !line.isPaused) {
          this.#hasEnded = true;
          this.post(ended);
        }
        return;
      case 'collect':
        if (at === 'send' && line.reading === 'body') this.post(stage('body'));
        return;
      case 'wanted':
      case 'unwanted':
        if (at === 'body' && line.reading === 'body') this.post({ kind: name });
        return;
      case 'discard':
        if (line.reading === 'body') this.post({ kind: 'discard' });
        return;
      case 'ask':
        if ((at === 'send' || at === 'body') && line.reading !== 'body' && line.reading !== 'dropped')
          this.post(stage('app'));
        return;
      case 'send':
        if (at === 'app' || at === 'body') this.post(stage('send'));
        return;
      case 'tunnel':
        if (at === 'app' && line.reading === 'away') this.post(stage('tunnel'));
        return;
      case 'unsent':
        if (at === 'send') this.post({ kind: 'unsent' });
        return;
      case 'answered':
        if (at === 'send') this.post({ kind: 'answered', isLast: !mayContinue(line) });
        return;
      case 'moved':
        this.post({ kind: 'moved' });
        return;
      case 'stuck':
      case 'taking':
      case 'late':
        if (this.timer === null) return;
        this.timer = null;
        this.post({ kind: 'late', isUnsent: name !== 'late', hasMoved: name === 'taking' });
        return;
      case 'turn':
        if (!this.isTurnDue) return;
        this.isTurnDue = false;
        this.post({ kind: 'turn' });
        return;
      case 'microtask':
        if (!this.isReadDue) return;
        this.isReadDue = false;
        this.read();
        return;
      case 'drain':
      case 'haste':
        this.post(drain(name === 'drain'));
        return;
      case 'end':
      case 'destroy':
        this.post({ kind: name });
        return;
    }
  }
}

const usual = [
  ...['bytes', 'bytes', 'bytes', 'collect', 'collect', 'wanted', 'wanted', 'unwanted', 'discard', 'ask'],
  ...['ask', 'send', 'send', 'tunnel', 'unsent', 'answered', 'answered', 'moved', 'turn', 'microtask'],
];
/** Steps that end most histories. */
const seldom = ['ended', 'stuck', 'taking', 'late', 'drain', 'haste', 'end', 'destroy'];
const acts = [...usual, ...usual, ...usual, ...usual, ...usual, ...seldom];
const kinds = [
  'plain',
  'plain',
  'plain',
  'part',
  'part',
  'body',
  'body',
  'body',
  'body',
  'bad',
  'websocket',
  'connect',
];
const histories = fc.array(
  fc.record({
    act: fc.constantFrom(...acts),
    parsed: fc.array(fc.record({ kind: fc.constantFrom(...kinds), more: fc.boolean() }), { maxLength: 4 }),
  }),
  { maxLength: 60, size: 'max' },
);

/** Plays random histories, and looks at the world after each step. */
function always(look: (world: World) => unknown): void {
  fc.assert(
    fc.property(histories, history => {
      const world = new World();
      for (const { act, parsed } of history) {
        world.parsed = [...parsed];
        world.act(act);
        look(world);
      }
    }),
    { numRuns: 1000 },
  );
}

test('whatever happens, requests are answered one at a time, and at most one refusal ends it', () => {
  always(({ answers, offered, refusals, line, isOver }) => {
    assert.ok(answers <= offered);
    // Each request is answered, unless the connection ends.
    if (!line.isEnding && !isOver && line.failure === 0) assert.equal(answers, offered);
    assert.ok(refusals === 0 || (refusals === 1 && line.isEnding));
  });
});

test('whatever happens, nothing is waited for without a bound but an app', () => {
  always(({ line, timer, isOver, isReadDue, isTurnDue }) => {
    if (isOver) return;
    const { stage: at, awaits } = line;
    if (awaits !== null) assert.equal(timer, awaits, 'the one timer is set for what is awaited');
    if (at === null) assert.ok(awaits !== null, 'a client without a request is waited for so long');
    if (at === 'body' && !line.isEnding) assert.ok(awaits === 'body' || awaits === 'answer');
    if (at === 'tunnel') assert.ok(awaits === 'tunnel' || awaits === 'end');
    // Held bytes are read in time, or wait for the code that serves.
    if (line.isHolding && mayRead(line)) assert.ok(isReadDue || isTurnDue);
  });
});

test('whatever happens, a line that ends is closed by the next timer, and one that nobody serves by one after that', () => {
  always(world => {
    const { line, timer, isOver } = world;
    if (isOver || (line.stage !== null && !line.isEnding)) return;
    let [at, timers] = [line, timer === null ? 0 : 1];
    const effects: Effect[] = [];
    while (timers > 0 && timers < 3) {
      const step = next(at, late);
      at = step.line;
      effects.push(...step.effects);
      timers = step.effects.some(({ kind }) => kind === 'wait') ? timers + 1 : 0;
    }
    assert.ok(effects.some(({ kind }) => kind === 'destroy'));
    if (line.isEnding) assert.deepEqual(effects.map(word), ['destroy']);
  });
});

test('whatever happens, a client who has closed its half is not waited for once all that it sent was read and answered', () => {
  always(({ line, isOver }) => {
    if (isOver || line.isEnding || !line.hasEnded || line.isHolding) return;
    assert.notEqual(line.stage, null);
  });
});

test('whatever happens, a drain lets a connection begin no answer that promises another', () => {
  always(({ line }) => {
    if (line.isDraining) assert.equal(mayContinue(line), false);
  });
});

test('whatever happens, the states are few', () => {
  const states = new Set<string>();
  always(({ line }) => states.add(JSON.stringify(line)));
  assert.ok(states.size < 1000, `${states.size} states`);
});
