// The events of a connection as values that are made once: equal events are one object (line-places.ts).

import type { LineEvent, Stage } from './line.ts';

/** An event with its own number, from 0. */
export type KnownEvent = LineEvent & { readonly id: number };

const made = new Map<string, KnownEvent>();

/** Only for events that have few values, since each value is kept. */
function one(event: LineEvent): KnownEvent {
  const key = JSON.stringify(event);
  const known = made.get(key) ?? { ...event, id: made.size };
  made.set(key, known);
  return known;
}

export const came = one({ kind: 'bytes' });
export const headPart = one({ kind: 'head-part' });
export const bodyPart = one({ kind: 'body-part', isHolding: false });
export const bodyPartAndMore = one({ kind: 'body-part', isHolding: true });
export const bodyEnd = one({ kind: 'body-end', hasTrailers: false });
export const bodyEndWithTrailers = one({ kind: 'body-end', hasTrailers: true });
export const bodyTooLarge = one({ kind: 'body-too-large' });
export const rest = one({ kind: 'rest' });
export const turn = one({ kind: 'turn' });
export const ended = one({ kind: 'ended' });
export const wanted = one({ kind: 'wanted' });
export const unwanted = one({ kind: 'unwanted' });
export const discard = one({ kind: 'discard' });
export const moved = one({ kind: 'moved' });
export const unsent = one({ kind: 'unsent' });
export const answered = one({ kind: 'answered', isLast: false });
export const answeredLast = one({ kind: 'answered', isLast: true });
export const end = one({ kind: 'end' });
export const destroy = one({ kind: 'destroy' });

export const stages: Readonly<Record<Stage, KnownEvent>> = {
  body: one({ kind: 'stage', stage: 'body' }),
  app: one({ kind: 'stage', stage: 'app' }),
  send: one({ kind: 'stage', stage: 'send' }),
  tunnel: one({ kind: 'stage', stage: 'tunnel' }),
};

/** `status`: one of the statuses of a reader for what it cannot read. */
export function bad(status: number): KnownEvent {
  return one({ kind: 'bad', status });
}

export function late(isUnsent: boolean, hasMoved: boolean): KnownEvent {
  return one({ kind: 'late', isUnsent, hasMoved });
}

export function drain(isPatient: boolean, isQuiet: boolean): KnownEvent {
  return one({ kind: 'drain', isPatient, isQuiet });
}

type Request = LineEvent & { readonly kind: 'request' };

const plain: Request = {
  kind: 'request',
  what: 'plain',
  hasBody: false,
  isHolding: false,
  isTurnOver: false,
};
/** A plain request, by whether it has a body, more is held, and the turn is over. */
const plainRequests = [false, true].map(hasBody =>
  [false, true].map(isHolding =>
    [false, true].map(isTurnOver => one({ ...plain, hasBody, isHolding, isTurnOver })),
  ),
);

export function request({ what, hasBody, isHolding, isTurnOver }: Omit<Request, 'kind'>): KnownEvent {
  const known = plainRequests[hasBody ? 1 : 0]?.[isHolding ? 1 : 0]?.[isTurnOver ? 1 : 0];
  if (what === 'plain' && known !== undefined) return known;
  return one({ ...plain, what, hasBody, isHolding, isTurnOver });
}
