// What a request gets: metrics at /metrics, and nothing anywhere else.

import type { IncomingMessage } from 'node:http';
import { formatFor } from '../exposition/accept.ts';
import { expose, mediaTypes } from '../exposition/text.ts';
import type { PlainSample } from '../protocol/sample.ts';

export interface Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Whatever the Host field says: there is nothing here that a page of another site could not see by itself, and nothing to change. */
export async function answer(
  { method, url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  takeSample: () => Promise<PlainSample>,
): Promise<Answer> {
  const [path] = url.split('?', 1);
  if (path !== '/metrics') return plain(404, 'cannot find that: the metrics are at /metrics\n');
  if (method !== 'GET' && method !== 'HEAD')
    return plain(405, `cannot ${method} it: GET and HEAD are all there is\n`, { Allow: 'GET, HEAD' });
  const format = formatFor(headers.accept);
  const fields = { 'Content-Type': mediaTypes[format], 'X-Content-Type-Options': 'nosniff', Vary: 'Accept' };
  return { status: 200, fields, body: Buffer.from(expose(await takeSample(), format)) };
}

function plain(status: number, text: string, fields: Readonly<Record<string, string>> = {}): Answer {
  const type = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };
  return { status, fields: { ...type, ...fields }, body: Buffer.from(text) };
}
