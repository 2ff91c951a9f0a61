// Sends an open file: conditional requests, ranges, fields in nginx's order. Closes the file, whatever happens.

import { closeSync, readSync, type Stats } from 'node:fs';
import { dateNow } from './clock.ts';
import { judge, rangeApplies, type Validators } from './conditional.ts';
import { reasons } from './error-page.ts';
import { type BodyPart, sendFileBody } from './file-body.ts';
import { formatHttpDate } from './http-date.ts';
import { mediaType } from './mime.ts';
import { type ByteRange, parseRange, type Ranges } from './ranges.ts';
import type { RequestHead } from './request-head.ts';
import type { FileRequest } from './static.ts';

interface OpenFile extends Validators {
  readonly fd: number;
  readonly size: number;
  readonly type: string;
}

/** Ranges up to this size are read at once, in one system call and without a thread. */
const smallRange = 65_536;

export function sendFile(request: FileRequest, fd: number, stats: Stats): void {
  const { exchange, accepted } = request;
  const file = describe(fd, stats, request.type ?? mediaType(request.path));
  const verdict = judge(conditionsOf(accepted.head), file);
  if (verdict !== 'send') closeSync(fd);
  if (verdict === 'failed') {
    exchange.sendPage(412);
    return;
  }
  if (verdict === 'not-modified') {
    sendHead(request, file, 304, null, null);
    exchange.res.end();
    return;
  }
  const ranges = rangesOf(accepted.head, file);
  switch (ranges.kind) {
    case 'whole':
      sendHead(request, file, 200, file.type, file.size, ['Accept-Ranges', 'bytes']);
      sendBody(request, file, [{ start: 0, end: file.size }]);
      return;
    case 'unsatisfiable':
      closeSync(fd);
      exchange.sendPage(416, { extra: ['Content-Range', `bytes */${file.size}`] });
      return;
    case 'parts':
      if (ranges.parts.length === 1) sendPart(request, file, ranges.parts[0]);
      else sendMultipart(request, file, ranges.parts);
  }
}

function describe(fd: number, stats: Stats, type: string): OpenFile {
  const lastModified = Math.floor(stats.mtimeMs / 1000);
  const etag = `"${lastModified.toString(16)}-${stats.size.toString(16)}"`;
  return { fd, size: stats.size, type, lastModified, etag };
}

function conditionsOf({ fields }: RequestHead): Parameters<typeof judge>[0] {
  return {
    ifMatch: fields.get('if-match') ?? null,
    ifNoneMatch: fields.get('if-none-match') ?? null,
    ifModifiedSince: fields.get('if-modified-since') ?? null,
    ifUnmodifiedSince: fields.get('if-unmodified-since') ?? null,
  };
}

function rangesOf({ fields }: RequestHead, file: OpenFile): Ranges {
  const range = fields.get('range') ?? null;
  if (range === null || !rangeApplies(fields.get('if-range') ?? null, file)) return { kind: 'whole' };
  return parseRange(range, file.size);
}

function sendHead(
  request: FileRequest,
  file: OpenFile,
  status: number,
  type: string | null,
  length: number | null,
  last: readonly string[] = [],
): void {
  const { exchange } = request;
  const fields = ['Server', 'hostd', 'Date', dateNow()];
  if (type !== null) fields.push('Content-Type', type);
  if (length !== null) fields.push('Content-Length', String(length));
  fields.push('Last-Modified', formatHttpDate(file.lastModified), 'Connection', exchange.connectionField);
  fields.push(...request.extra, 'ETag', file.etag, ...last);
  exchange.sendHead(status, reasons[status] ?? '', fields);
}

function sendPart(request: FileRequest, file: OpenFile, part: ByteRange): void {
  const extra = ['Content-Range', contentRange(part, file)];
  sendHead(request, file, 206, file.type, part.end - part.start, extra);
  sendBody(request, file, [part]);
}

function contentRange(part: ByteRange, file: OpenFile): string {
  return `bytes ${part.start}-${part.end - 1}/${file.size}`;
}

let boundaries = 0;

/** RFC 9110 section 14.6: every part with its own small header. */
function sendMultipart(request: FileRequest, file: OpenFile, ranges: readonly ByteRange[]): void {
  const boundary = String(++boundaries).padStart(20, '0');
  const parts: BodyPart[] = [];
  for (const range of ranges) {
    const field = `Content-Type: ${file.type}\r\nContent-Range: ${contentRange(range, file)}\r\n\r\n`;
    parts.push(`\r\n--${boundary}\r\n${field}`, range);
  }
  parts.push(`\r\n--${boundary}--\r\n`);
  const length = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  sendHead(request, file, 206, `multipart/byteranges; boundary=${boundary}`, length);
  sendBody(request, file, parts);
}

function sizeOf(part: BodyPart): number {
  return typeof part === 'string' ? part.length : part.end - part.start;
}

function sendBody(request: FileRequest, file: OpenFile, parts: readonly BodyPart[]): void {
  const { exchange } = request;
  const [first] = parts;
  if (request.method === 'HEAD' || file.size === 0) {
    closeSync(file.fd);
    exchange.res.end();
  } else if (parts.length === 1 && typeof first === 'object' && sizeOf(first) <= smallRange) {
    sendSmall(request, file.fd, first);
  } else {
    sendFileBody(exchange, file.fd, parts);
  }
}

function sendSmall({ exchange }: FileRequest, fd: number, range: ByteRange): void {
  const bytes = Buffer.allocUnsafe(range.end - range.start);
  let size = 0;
  try {
    size = readSync(fd, bytes, 0, bytes.length, range.start);
  } finally {
    closeSync(fd);
  }
  if (size !== bytes.length) {
    exchange.abort(); // it has become shorter since
    return;
  }
  exchange.bodyBytes = size;
  exchange.res.end(bytes.toString('latin1'), 'latin1');
}
