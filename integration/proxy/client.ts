// A client that writes bytes as they are and keeps what comes back.

import net from 'node:net';

export interface Reply {
  /** Everything that came, latin-1. */
  readonly bytes: string;
  /** Whether the server ended the connection. */
  readonly closed: boolean;
  readonly seconds: number;
}

/** As many answers as come until the connection ends. */
export const untilEnd = Number.POSITIVE_INFINITY;

/** What is waited for. The end of the connection always is the end of it. */
export interface Expected {
  /** Whole answers, interim ones included; one by default. */
  readonly answers?: number;
  /** Milliseconds in which more than that may come. */
  readonly quietMs?: number;
  /** Milliseconds without a byte until it is given up: a hang, or a silence that is meant. */
  readonly waitMs?: number;
}

/** Writes `text` (latin-1) at once, and reads until what is expected has come. */
export function exchangeRaw(
  port: number,
  text: string,
  expected: Expected & { readonly host?: string } = {},
): Promise<Reply> {
  const { host = '127.0.0.1' } = expected;
  return readReply(net.connect({ port, host, allowHalfOpen: true }), text, expected);
}

/** The same on a connection that there is. */
export function readReply(socket: net.Socket, text: string, expected: Expected): Promise<Reply> {
  const { answers = 1, quietMs = 100, waitMs = 60_000 } = expected;
  const heads = [text.startsWith('HEAD ')];
  return new Promise(resolve => {
    const started = performance.now();
    let bytes = '';
    let timer = setTimeout(() => finish(false), waitMs);
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes, closed, seconds: (performance.now() - started) / 1000 });
    };
    socket.on('data', data => {
      bytes += data.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), wholeReplies(bytes, heads) >= answers ? quietMs : waitMs);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
    socket.on('close', () => finish(true));
    socket.write(text, 'latin1');
  });
}

export interface ParsedReply {
  readonly status: number;
  readonly reason: string;
  /** As received: name and value. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
}

export function field(reply: ParsedReply, name: string): string | undefined {
  return reply.fields.find(([other]) => other.toLowerCase() === name)?.[1];
}

/** Splits a reply into its answers by their own framing; `heads` says which of them answer HEAD. The last one may be cut. */
export function parseReplies(bytes: string, heads: readonly boolean[] = []): readonly ParsedReply[] {
  return split(bytes, heads).replies;
}

/** How many answers are whole by their own framing. Only the end of the connection ends one that says no length. */
function wholeReplies(bytes: string, heads: readonly boolean[]): number {
  return split(bytes, heads).whole;
}

function split(bytes: string, heads: readonly boolean[]): { replies: readonly ParsedReply[]; whole: number } {
  const replies: ParsedReply[] = [];
  let whole = 0;
  let rest = bytes;
  while (rest.startsWith('HTTP/1.')) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) break;
    const [line = '', ...lines] = rest.slice(0, end).split('\r\n');
    const fields = lines.map(text => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon), text.slice(colon + 1).trim()] as const;
    });
    const [, status = '0', reason = ''] = /^HTTP\/1\.\d (\d+) ?(.*)$/.exec(line) ?? [];
    rest = rest.slice(end + 4);
    if (status === '100') continue;
    const bodyless = heads[replies.length] === true || /^(1..|204|304)$/.test(status);
    const length = fields.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
    const chunked = fields.some(([name]) => name.toLowerCase() === 'transfer-encoding');
    const framed = chunked ? chunkedSize(rest) : length === undefined ? null : Number(length);
    const size = bodyless ? 0 : (framed ?? rest.length);
    const raw = rest.slice(0, size);
    if (bodyless || (framed !== null && raw.length === framed)) whole++;
    replies.push({ status: Number(status), reason, fields, body: chunked && !bodyless ? dechunk(raw) : raw });
    rest = rest.slice(size);
  }
  return { replies, whole };
}

/** null: its end has not come. */
function chunkedSize(text: string): number | null {
  const end = /(?:^|\r\n)0\r\n\r\n/.exec(text);
  return end === null ? null : end.index + end[0].length;
}

function dechunk(text: string): string {
  let body = '';
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (end === -1 || !(size > 0)) return body;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 4 + size);
  }
}
