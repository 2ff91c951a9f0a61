// The header fields that a client is sent, in nginx's order: the worker's own begin every answer, an app's follow. Pure.

import type { Field, ResponseHead } from './response-head.ts';

/** Fields of an app that no client sees: the worker writes them itself, or they are between it and the app only. */
const hidden = [
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-pad',
];

/** Fields that an answer may have once. The first one counts, as in nginx 1.23 and later: browsers refuse two Location fields. */
const once = ['content-type', 'etag', 'expires', 'last-modified', 'location', 'refresh', 'x-accel-redirect'];

/** For each special field: whether it is hidden, and its bit among the fields that count once, or 0. */
const special: ReadonlyMap<string, { readonly hidden: boolean; readonly bit: number }> = new Map(
  [...new Set([...hidden, ...once])].map(name => [
    name,
    { hidden: hidden.includes(name), bit: once.includes(name) ? 1 << once.indexOf(name) : 0 },
  ]),
);

/** What the app tells the proxy to do. */
export interface Orders {
  /** X-Accel-Redirect: the path of a file to send in place of the body. */
  readonly redirect: string | null;
  /** X-Accel-Buffering: no. */
  readonly unbuffered: boolean;
}

export interface ClientFields {
  /** name, value, name, value ... */
  readonly fields: string[];
  readonly orders: Orders;
}

/** What the fields that begin every answer say. */
export interface OwnFields {
  readonly date: string;
  readonly connection: 'keep-alive' | 'close';
  /** Content-Type, or null. */
  readonly type: string | null;
  /** Content-Length, or null. */
  readonly length: number | null;
  /** Transfer-Encoding: chunked. */
  readonly chunked?: boolean;
  /** Fields that nginx has between these and Connection: name, value, name, value ... */
  readonly between?: readonly string[];
}

/** The fields that begin every answer: name, value, name, value ... A caller may add others behind them. */
export function ownFields({ date, connection, type, length, chunked, between }: OwnFields): string[] {
  const fields = ['Server', 'hostd', 'Date', date];
  if (type !== null) fields.push('Content-Type', type);
  if (length !== null) fields.push('Content-Length', String(length));
  if (chunked === true) fields.push('Transfer-Encoding', 'chunked');
  if (between !== undefined) for (const text of between) fields.push(text);
  fields.push('Connection', connection);
  return fields;
}

/** The fields of an app's answer as a client is sent them. The Content-Type is the app's. */
export function clientFields(head: ResponseHead, own: Omit<OwnFields, 'type' | 'between'>): ClientFields {
  let type: string | null = null;
  let redirect: string | null = null;
  let unbuffered = false;
  const rest: string[] = [];
  let seen = 0;
  for (const { name, lower, value } of head.fields) {
    const its = special.get(lower);
    if (its !== undefined && (seen & its.bit) !== 0) continue;
    seen |= its?.bit ?? 0;
    if (its?.hidden !== true) rest.push(name, value);
    else if (lower === 'content-type') type = value;
    else if (lower === 'x-accel-redirect') redirect = value;
    else if (lower === 'x-accel-buffering') unbuffered = value.toLowerCase() === 'no';
  }
  const { date, connection, length, chunked = false } = own;
  const fields = ownFields({ date, connection, type, length, chunked });
  for (const text of rest) fields.push(text);
  return { fields, orders: { redirect, unbuffered } };
}

/** Fields of the app's answer that go with the file of an X-Accel-Redirect, as with nginx. */
const keptWithFile: ReadonlySet<string> = new Set([
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'expires',
  'set-cookie',
]);

export function fieldsKeptWithFile(head: ResponseHead): {
  readonly type: string | null;
  /** Whether the app's Content-Encoding says that it has compressed the file itself. */
  readonly encoded: boolean;
  readonly fields: readonly Field[];
} {
  const first = (name: string) => head.fields.find(field => field.lower === name);
  const fields = head.fields.filter(
    field => keptWithFile.has(field.lower) && (field.lower !== 'expires' || field === first('expires')),
  );
  return {
    type: first('content-type')?.value ?? null,
    encoded: first('content-encoding') !== undefined,
    fields,
  };
}
