// The header fields that a client is sent with an app's answer, in nginx's order. Pure.

import type { Field, ResponseHead } from './response-head.ts';

/** Fields that the worker writes itself, or that are between it and the app only. */
const hidden: ReadonlySet<string> = new Set([
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
]);

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
  for (const { name, lower, value } of head.fields) {
    if (!hidden.has(lower)) rest.push(name, value);
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
  const type = head.fields.findLast(field => field.lower === 'content-type')?.value ?? null;
  const encoded = head.fields.some(field => field.lower === 'content-encoding');
  return { type, encoded, fields: head.fields.filter(field => keptWithFile.has(field.lower)) };
}
