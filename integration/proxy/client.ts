// A client that writes bytes as they are and keeps what comes back.

import net from 'node:net';

export interface Reply {
  /** Everything that came, latin-1. */
  readonly bytes: string;
  /** Whether the server ended the connection. */
  readonly closed: boolean;
  readonly seconds: number;
}

/** Writes `text` (latin-1) at once and reads until the end, or until nothing has come for `quietMs` after the first byte. */
export function exchangeRaw(
  port: number,
  text: string,
  options: { readonly quietMs?: number; readonly waitMs?: number; readonly host?: string } = {},
): Promise<Reply> {
  const { quietMs = 250, waitMs = 4000, host = '127.0.0.1' } = options;
  return new Promise(resolve => {
    const started = performance.now();
    const socket = net.connect({ port, host, allowHalfOpen: true });
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
      timer = setTimeout(() => finish(false), quietMs);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
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

/** Splits a reply into its answers by their own framing; `heads` says which of them answer HEAD. */
export function parseReplies(bytes: string, heads: readonly boolean[] = []): readonly ParsedReply[] {
  const replies: ParsedReply[] = [];
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
    const size = bodyless
      ? 0
      : chunked
        ? chunkedSize(rest)
        : length === undefined
          ? rest.length
          : Number(length);
    const raw = rest.slice(0, size);
    replies.push({ status: Number(status), reason, fields, body: chunked && !bodyless ? dechunk(raw) : raw });
    rest = rest.slice(size);
  }
  return replies;
}

function chunkedSize(text: string): number {
  const end = /(?:^|\r\n)0\r\n\r\n/.exec(text);
  return end === null ? text.length : end.index + end[0].length;
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
