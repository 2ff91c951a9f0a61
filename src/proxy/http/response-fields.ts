// The header fields that a client is sent with an app's answer, in nginx's order. Pure.

import type { Field, ResponseHead } from './response-head.ts';

/** Fields that the worker writes itself, or that are between it and the app only. */
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

/** Fields that an answer may have once. Of more, the first one counts, as in nginx 1.23 and later: browsers refuse two of Location. */
const once = ['content-type', 'etag', 'expires', 'last-modified', 'location', 'refresh', 'x-accel-redirect'];

/** What is special about a field: whether it is hidden, and its bit among those that count once, or 0. */
const special: ReadonlyMap<string, { readonly hidden: boolean; readonly bit: number }> = new Map(
  [...new Set([...hidden, ...once])].map(name => [
    name,
    { hidden: hidden.includes(name), bit: once.includes(name) ? 1 << once.indexOf(name) : 0 },
  ]),
);

/** What the app asked of the proxy. */
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

export interface OwnFields {
  readonly date: string;
  readonly connection: 'keep-alive' | 'close';
  /** Content-Length to send, or null. */
  readonly length: number | null;
  readonly chunked: boolean;
}

export function clientFields(head: ResponseHead, own: OwnFields): ClientFields {
  const fields = ['Server', 'hostd', 'Date', own.date];
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
  if (type !== null) fields.push('Content-Type', type);
  if (own.length !== null) fields.push('Content-Length', String(own.length));
  if (own.chunked) fields.push('Transfer-Encoding', 'chunked');
  fields.push('Connection', own.connection);
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
  /** Whether the app has compressed the file itself, or so it says. */
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
