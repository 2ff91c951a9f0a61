// Sends a file: conditional requests, ranges, fields in nginx's order.

import { dateNow } from '../clock.ts';
import { cachingFields } from '../http/caching.ts';
import { judge, rangeApplies } from '../http/conditional.ts';
import { mediaType } from '../http/mime.ts';
import { type ByteRange, parseRange, type Ranges } from '../http/ranges.ts';
import type { RequestHead } from '../http/request-head.ts';
import { ownFields } from '../http/response-fields.ts';
import { reasons } from '../pages/error-page.ts';
import { type BodyPart, sendFileBody, sizeOf } from './file-body.ts';
import type { FileRequest } from './file-request.ts';
import { dropFile, type ServedFile } from './served-file.ts';

/** A request for a file, and how the choice between the file and its compressed variants came out. */
export interface FileSending extends FileRequest {
  /** Content-Encoding of the file that is sent, or null. */
  readonly coding: string | null;
  /** Whether Accept-Encoding was part of the choice: then the answer says so (Vary). */
  readonly varies: boolean;
}

export function sendFile(request: FileSending, file: ServedFile): void {
  const { exchange, accepted } = request;
  const verdict = judge(conditionsOf(accepted.head), file);
  if (verdict !== 'send') dropFile(file);
  if (verdict === 'failed') {
    exchange.sendPage(412, { extra: varyOf(request) });
    return;
  }
  if (verdict === 'not-modified') {
    sendHead(request, file, 304, null);
    exchange.res.end();
    return;
  }
  // Ranges of a compressed variant are parts of the variant (RFC 9110 section 14.2), which has its own ETag.
  const ranges = rangesOf(accepted.head, file);
  switch (ranges.kind) {
    case 'whole':
      sendHead(request, file, 200, { type: typeOf(request), length: file.size }, ['Accept-Ranges', 'bytes']);
      sendBody(request, file, [{ start: 0, end: file.size }]);
      return;
    case 'unsatisfiable':
      dropFile(file);
      exchange.sendPage(416, { extra: [...varyOf(request), 'Content-Range', `bytes */${file.size}`] });
      return;
    case 'parts':
      if (ranges.parts.length === 1) sendPart(request, file, ranges.parts[0]);
      else sendMultipart(request, file, ranges.parts);
  }
}

function varyOf({ varies }: FileSending): readonly string[] {
  return varies ? ['Vary', 'Accept-Encoding'] : [];
}

function typeOf({ type, path, exchange }: FileRequest): string {
  return type ?? mediaType(path, exchange.worker.types);
}

/** On an X-Accel-Redirect the app's own Cache-Control and Expires win. */
function cachingOf({ path, location, extra }: FileRequest): readonly string[] {
  if (extra.some(name => /^(cache-control|expires)$/i.test(name))) return [];
  return cachingFields(path, location, Date.now());
}

function conditionsOf({ fields }: RequestHead): Parameters<typeof judge>[0] {
  return {
    ifMatch: fields.get('if-match') ?? null,
    ifNoneMatch: fields.get('if-none-match') ?? null,
    ifModifiedSince: fields.get('if-modified-since') ?? null,
    ifUnmodifiedSince: fields.get('if-unmodified-since') ?? null,
  };
}

function rangesOf({ fields }: RequestHead, file: ServedFile): Ranges {
  const range = fields.get('range') ?? null;
  if (range === null || !rangeApplies(fields.get('if-range') ?? null, file)) return { kind: 'whole' };
  return parseRange(range, file.size);
}

function sendHead(
  request: FileSending,
  file: ServedFile,
  status: number,
  body: { readonly type: string; readonly length: number } | null,
  last: readonly string[] = [],
): void {
  const { exchange } = request;
  const fields = ownFields({
    date: dateNow(),
    connection: exchange.connectionField,
    type: body?.type ?? null,
    length: body?.length ?? null,
    between: ['Last-Modified', file.date],
  });
  fields.push(...varyOf(request), ...request.extra, 'ETag', file.etag, ...cachingOf(request));
  if (body !== null && request.coding !== null) fields.push('Content-Encoding', request.coding);
  fields.push(...last);
  exchange.sendHead(status, reasons[status] ?? '', fields);
}

function sendPart(request: FileSending, file: ServedFile, part: ByteRange): void {
  const body = { type: typeOf(request), length: part.end - part.start };
  sendHead(request, file, 206, body, ['Content-Range', contentRange(part, file)]);
  sendBody(request, file, [part]);
}

function contentRange(part: ByteRange, file: ServedFile): string {
  return `bytes ${part.start}-${part.end - 1}/${file.size}`;
}

let boundaries = 0;

/** Several ranges: each part has its own small header (RFC 9110 section 14.6). */
function sendMultipart(request: FileSending, file: ServedFile, ranges: readonly ByteRange[]): void {
  const boundary = String(++boundaries).padStart(20, '0');
  const type = typeOf(request);
  const parts: BodyPart[] = [];
  for (const range of ranges) {
    const fields = `Content-Type: ${type}\r\nContent-Range: ${contentRange(range, file)}\r\n\r\n`;
    parts.push(`\r\n--${boundary}\r\n${fields}`, range);
  }
  parts.push(`\r\n--${boundary}--\r\n`);
  const length = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  sendHead(request, file, 206, { type: `multipart/byteranges; boundary=${boundary}`, length });
  sendBody(request, file, parts);
}

function sendBody({ exchange, method }: FileRequest, file: ServedFile, parts: readonly BodyPart[]): void {
  const { content } = file;
  if (method === 'HEAD') {
    dropFile(file);
    exchange.res.end();
  } else if (content.kind === 'fd') {
    sendFileBody(exchange, content.fd, parts);
  } else if (content.kind === 'text') {
    const { text } = content;
    const body = parts
      .map(part => (typeof part === 'string' ? part : text.slice(part.start, part.end)))
      .join('');
    exchange.res.end(body);
  } else {
    const pieces = parts.map(part =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : content.bytes.subarray(part.start, part.end),
    );
    const [only] = pieces;
    const body = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
    exchange.res.end(body);
  }
}
