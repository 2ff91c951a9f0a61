// HTTP for browsers: connections that are few and have their time, requests that are small, answers that are read or dropped. Knows no page.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { givesMemoryBack } from '../../native/memory.ts';
import type { From } from '../access/from.ts';
import type { Source } from '../access/source.ts';
import { Connections } from './connections.ts';
import { guards, plain, type Reply } from './reply.ts';

/** Bytes of the longest head, and of the longest form. */
const longestHead = 8 * 1024;
const longestForm = 8 * 1024;
/** Milliseconds that node:http keeps an idle connection; connections.ts has the last word. */
const keepMs = 20_000;

export interface Asking {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly source: Source;
  /** Whether the browser has come by https. */
  readonly isSecure: boolean;
  readonly socket: Socket;
  /** The form that was sent; empty for any other request. */
  readonly form: URLSearchParams;
}

/** An answer that is written as it comes. */
export interface Streamed {
  readonly stream: (response: ServerResponse) => Promise<void>;
}

export type Answer = (asking: Asking) => Promise<Reply | Streamed>;

/** Serves an inherited listener until the process ends. `complain` is called with mistakes of hostd's own. */
export function serve(
  fd: number,
  from: (request: IncomingMessage) => From,
  answer: Answer,
  complain: (error: unknown) => void,
): void {
  const server = createServer({
    maxHeaderSize: longestHead,
    keepAliveTimeout: keepMs,
    // Each connection has a deadline of its own. Node's would wake the process up all the time.
    headersTimeout: 0,
    requestTimeout: 0,
    connectionsCheckingInterval: 2 ** 31 - 1,
  });
  const connections = new Connections();
  const busy = givesMemoryBack({ interval: 10_000, worth: 300 });
  server.on('connection', (socket: Socket) => {
    busy();
    connections.admit(socket);
  });
  server.on('request', async (request, response) => {
    const { socket } = request;
    response.once('finish', () => connections.waits(socket));
    try {
      await respond(request, response, { from, answer, connections });
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      complain(error);
      if (response.headersSent) response.destroy();
      else send(response, plain(500, 'cannot show this page: see web.log in log_dir'), request.method);
    }
  });
  server.listen({ fd });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  {
    from,
    answer,
    connections,
  }: { from: (request: IncomingMessage) => From; answer: Answer; connections: Connections },
): Promise<void> {
  const { socket, method = '' } = request;
  for (const [name, value] of Object.entries(guards)) response.setHeader(name, value);
  const form = await readForm(request);
  connections.answers(socket);
  if (form === null) {
    response.setHeader('Connection', 'close');
    send(response, plain(413, 'cannot read the form: it is no form, or too long'), method);
    return;
  }
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  const asking: Asking = {
    request,
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark)),
    ...from(request),
    socket,
    form,
  };
  const reply = await answer(asking);
  if (!('stream' in reply)) {
    send(response, reply, method);
    return;
  }
  connections.answers(socket, null);
  await reply.stream(response);
}

/** null: too long, or no form. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  if (request.method !== 'POST') {
    request.resume();
    return new URLSearchParams();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestForm) return null;
    chunks.push(chunk);
  }
  const type = request.headers['content-type'] ?? '';
  if (length > 0 && !/^application\/x-www-form-urlencoded\b/i.test(type)) return null;
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function send(response: ServerResponse, { status, fields, body }: Reply, method: string | undefined): void {
  response.writeHead(status, { ...fields, 'Content-Length': Buffer.byteLength(body) });
  response.end(method === 'HEAD' ? undefined : body);
}
