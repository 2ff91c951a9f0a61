// One connection of a client of Supervisor's: each request is read to its end, judged and answered before the next.

import type { Socket } from 'node:net';
import { messageOf } from '../../errors.ts';
import { crackHead, type Head, header, pathOf } from './head.ts';
import { Input } from './input.ts';
import { judge, type Login } from './login.ts';
import { isForeign } from './origin.ts';
import { errorPage, type Fields, keeping, replyHead, type Status } from './reply.ts';

/** The longest body of a request, in bytes. */
const longestBody = 512 * 1024;
/** Milliseconds for a client to read an answer. */
const patienceMs = 60_000;

/** A log that is followed. */
export interface Following {
  /** Unix time in milliseconds. */
  readonly mtime: number;
  /** The end of the log, then what is added to it. */
  readonly chunks: AsyncIterable<Buffer>;
  cancel(): void;
}

export interface Service {
  /** The answer's body for a call's body, or a status. */
  call(body: string, uid: number | null): Promise<string | 400 | 500>;
  /** `path`: as of pathOf. `fields`: of the query, then of a form. 404: there is no such page. `foreign`: see origin.ts. */
  page(
    path: string,
    fields: readonly URLSearchParams[],
    foreign: boolean,
    uid: number | null,
  ): Promise<Reply | 403 | 404 | 500>;
  hasPage(path: string): boolean;
  /** A request has been answered with so many bytes. `request`: its first line. */
  replied(from: Peer, request: string, status: Status, bytes: number): void;
  /** null: there is no such log. */
  follow(process: string | null, channel: string, uid: number | null): Promise<Following | null>;
}

/** A page, or where the client finds what has come of its action. */
export interface Reply {
  readonly status: 200 | 301;
  readonly fields: Fields;
  readonly body: string;
}

/** Where a client is; on a unix socket localhost and 0, as in Supervisor's log. */
export interface Peer {
  readonly host: string;
  readonly port: number;
}

export interface Client {
  readonly peer: Peer;
  /** The client's uid; null: it came over TCP, or is not known. */
  readonly uid: number | null;
  readonly login: Login | null;
}

/** Serves the connection until it is closed. */
export async function serve(socket: Socket, client: Client, service: Service): Promise<void> {
  const input = new Input(socket);
  for (;;) {
    const bytes = await input.head();
    const head = bytes === null ? null : crackHead(bytes);
    if (head === null) break;
    const replied: Exchange['replied'] = (...reply) => service.replied(client.peer, head.request, ...reply);
    const open = await answer({ socket, input, head, replied }, client, service);
    if (!open || socket.destroyed) break;
  }
  input.complete();
  socket.end();
}

interface Exchange {
  readonly socket: Socket;
  readonly input: Input;
  readonly head: Head;
  replied(status: Status, bytes: number): void;
}

/** Returns whether the connection stays open. */
async function answer(exchange: Exchange, client: Client, service: Service): Promise<boolean> {
  const { head, input } = exchange;
  if (client.login !== null) {
    const judgement = judge(header(head, 'Authorization'), client.login);
    if (judgement === 'no') {
      const fields: Fields = [
        ['Connection', 'close'],
        ['WWW-Authenticate', 'Basic realm="default"'],
      ];
      await sendError(exchange, 401, fields);
      return false;
    }
    if (judgement !== 'yes') return sendError(exchange, judgement === 'malformed' ? 400 : 500);
  }
  if (head.uri.startsWith('/RPC2')) return answerCall(exchange, client, service);
  const isAsked = head.command === 'GET' || head.command === 'POST';
  if (isAsked && service.hasPage(pathOf(head))) return answerPage(exchange, client, service);
  input.complete();
  if (head.uri.startsWith('/logtail')) return answerLogTail(exchange, client, service);
  if (head.uri.startsWith('/mainlogtail')) {
    if (head.command !== 'GET') return sendError(exchange, 400);
    return sendLog(exchange, await service.follow(null, 'stdout', client.uid), []);
  }
  return sendError(exchange, head.command === 'GET' || head.command === 'HEAD' ? 404 : 400);
}

async function answerCall(exchange: Exchange, { uid }: Client, service: Service): Promise<boolean> {
  if (exchange.head.command !== 'POST') return sendError(exchange, 400);
  const text = await readBody(exchange);
  if (typeof text === 'boolean') return text;
  const answer = await service.call(text, uid);
  if (typeof answer === 'number') return sendError(exchange, answer);
  const fields: Fields = [
    ['Content-Type', 'text/xml'],
    ['Content-Length', Buffer.byteLength(answer)],
  ];
  return send(exchange, 200, fields, answer);
}

/** The body of a POST; otherwise it has been answered, and the connection stays open or not. */
async function readBody(exchange: Exchange): Promise<string | boolean> {
  const { head, input } = exchange;
  const length = header(head, 'Content-Length');
  if (length === null || length === '') return sendError(exchange, 411);
  const digits = /^\s*\+?(\d+)\s*$/.exec(length)?.[1];
  if (digits === undefined) return sendError(exchange, /^\s*-\d+\s*$/.test(length) ? 400 : 500);
  if (Number(digits) > longestBody) {
    await sendError(exchange, 413);
    return false;
  }
  // Medusa waits for ever for a body of no bytes.
  const body = await input.body(Number(digits) === 0 ? Number.POSITIVE_INFINITY : Number(digits));
  input.complete();
  if (body === null) return false;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return false;
  }
}

async function answerPage(exchange: Exchange, { uid }: Client, service: Service): Promise<boolean> {
  const { head, input } = exchange;
  const query = /\?([^#]*)/.exec(head.uri)?.[1] ?? '';
  const fields = [new URLSearchParams(query)];
  if (head.command === 'POST') {
    const text = await readBody(exchange);
    if (typeof text === 'boolean') return text;
    fields.push(new URLSearchParams(text));
  }
  input.complete();
  const reply = await service.page(pathOf(head), fields, isForeign(head), uid);
  if (typeof reply === 'number') return sendError(exchange, reply);
  const length = ['Content-Length', Buffer.byteLength(reply.body)] as const;
  return send(exchange, reply.status, [...reply.fields, length], reply.body);
}

async function answerLogTail(exchange: Exchange, { uid }: Client, service: Service): Promise<boolean> {
  const { head } = exchange;
  if (head.command !== 'GET') return sendError(exchange, 400);
  const path = pathOf(head);
  const slash = path.indexOf('/');
  if (slash < 0) return sendError(exchange, 500);
  const [, name = '', channel = 'stdout'] = /^([^/]*)(?:\/(.*))?$/s.exec(path.slice(slash + 1)) ?? [];
  return sendLog(exchange, await service.follow(name, channel, uid), [['X-Accel-Buffering', 'no']]);
}

async function sendLog(exchange: Exchange, log: Following | null, more: Fields): Promise<boolean> {
  if (log === null) return sendError(exchange, 404);
  const { socket, head } = exchange;
  const isChunked = head.version === '1.1' && header(head, 'Connection')?.toLowerCase() !== 'close';
  const fields: Fields = [
    ['Last-Modified', new Date(log.mtime).toUTCString()],
    ['Content-Type', 'text/plain;charset=utf-8'],
    ...more,
    ...(isChunked ? ([['Transfer-Encoding', 'chunked']] as const) : []),
  ];
  const start = replyHead(head.version, 200, fields, Date.now());
  let sent = Buffer.byteLength(start);
  socket.write(start);
  exchange.input.discard();
  socket.once('close', log.cancel);
  socket.once('end', log.cancel);
  try {
    for await (const bytes of log.chunks) {
      if (socket.destroyed) break;
      const framed = isChunked ? Buffer.concat([chunkStart(bytes), bytes, endOfLine]) : bytes;
      sent += framed.length;
      if (!socket.write(framed)) await drained(socket);
    }
  } finally {
    log.cancel();
    exchange.replied(200, sent);
  }
  return false;
}

const endOfLine = Buffer.from('\r\n');

function chunkStart(bytes: Buffer): Buffer {
  return Buffer.from(`${bytes.length.toString(16)}\r\n`);
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

async function sendError(exchange: Exchange, status: Status, before: Fields = []): Promise<boolean> {
  exchange.input.complete();
  const page = errorPage(status);
  const fields: Fields = [...before, ['Content-Length', page.length], ['Content-Type', 'text/html']];
  return send(exchange, status, fields, page);
}

/** Returns whether the connection stays open. */
async function send(
  { socket, head, replied }: Exchange,
  status: Status,
  fields: Fields,
  body: string,
): Promise<boolean> {
  const { close, fields: more } = keeping(head.version, header(head, 'Connection') ?? '', true);
  const text = `${replyHead(head.version, status, [...fields, ...more], Date.now())}${body}`;
  replied(status, Buffer.byteLength(text));
  if (!socket.write(text)) {
    // A client that reads no answers gets no more of them, and is not kept for ever.
    const late = setTimeout(() => socket.destroy(), patienceMs);
    await drained(socket);
    clearTimeout(late);
  }
  return !close;
}

/** Serves the connection. Its failure affects nothing else. */
export function serveQuietly(
  socket: Socket,
  client: Client,
  service: Service,
  complain: (why: string) => void,
): void {
  socket.on('error', () => socket.destroy());
  serve(socket, client, service).catch(error => {
    complain(messageOf(error));
    socket.destroy();
  });
}
