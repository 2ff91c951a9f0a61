// The control socket: HTTP/JSON for hostctl. The kernel tells who is calling. The socket's group and mode decide who may call.
// Nothing here comes from the network.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, HostdError, messageOf } from '../../errors.ts';
import { native, type Peer } from '../../native/index.ts';
import { API, type ErrorReply, type Progress } from '../../protocol/control.ts';
import { boundRequests, withoutChecks } from '../../protocol/request-time.ts';
import { encodeFrame, terminalPath, terminalProtocol } from '../../protocol/terminal.ts';
import { inShort, whoAsks } from '../callers/audit.ts';
import { assertMay } from '../callers/standing.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { makeConnections, tooMany } from './connections.ts';

/** The longest request body, in bytes. */
const longestBody = 256 * 1024;
/** The status of a refusal, by the error's code. Other codes are 409. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = { 'unknown-name': 404, permission: 403 };

export interface Call {
  readonly path: string;
  readonly query: URLSearchParams;
  /** The decoded JSON body, or {}. */
  readonly body: { readonly [key: string]: unknown };
  readonly caller: Peer;
  /** Who asks, for events and people. */
  readonly user: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers a call. A value is sent as JSON; undefined means that the handler has answered by itself. */
export type Handler = (call: Call) => unknown;

/** Handlers by "METHOD /path" below the API's prefix. */
export type Handlers = { readonly [route: string]: Handler };

/** Takes a connection that leaves HTTP (protocol/terminal.ts). `early`: bytes that came behind the request. */
export type Upgrade = (socket: Socket, early: Buffer, caller: Peer) => Promise<void>;

/** Who may ask for what on one socket, and by which name. */
export interface Gate {
  /** @throws HostdError 'permission' */
  assertMay(caller: Peer, act: string): void;
  userOf(caller: Peer, request: IncomingMessage): string;
}

/** The control socket's own: the kernel says who it is. */
const operators: Gate = { assertMay, userOf: caller => whoAsks(caller).user };

/** Milliseconds for the header of a request. */
const patience = 60_000;

/** Serves a socket until it is closed, or the process ends. `upgrade` null: nothing but HTTP. */
export function serveControl(
  fd: number,
  handlers: Handlers,
  { log, tell }: { readonly log: Logger; readonly tell: Tell },
  upgrade: Upgrade | null,
  gate: Gate = operators,
): { close(): void } {
  const connections = makeConnections(log, tell);
  // A command may take as long as its programs take.
  const server = createServer(withoutChecks, (request, response) => {
    const refused = connections.refusal(request.socket);
    if (refused !== undefined) {
      response.setHeader('Connection', 'close');
      fail(response, 503, { code: 'failed', message: refused, hint: tooMany });
      return;
    }
    handle(request, response, handlers, log, gate).catch(error => {
      log.error({ err: error }, 'control: a call has failed');
      if (response.headersSent) response.destroy();
      else fail(response, 500, { code: 'failed', message: messageOf(error) });
    });
  });
  server.on('upgrade', (request, stream, early) => {
    const socket = stream as Socket;
    const refused = connections.refusal(socket);
    const refuse: Upgrade = async taken =>
      void taken.end(encodeFrame('error', JSON.stringify({ message: refused, hint: tooMany })));
    leaveHttp(request, socket, early, refused === undefined ? (upgrade ?? refuseAll) : refuse).catch(
      error => {
        log.error({ err: error }, 'control: a call has failed');
        socket.destroy();
      },
    );
  });
  boundRequests(server, { first: patience, next: patience });
  server.on('connection', (socket: Socket) => connections.admit(socket, peerOf(socket)));
  server.listen({ fd });
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const refuseAll: Upgrade = async socket => void socket.destroy();

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: Handlers,
  log: Logger,
  gate: Gate,
): Promise<void> {
  const caller = peerOf(request.socket);
  const url = new URL(request.url ?? '/', 'http://control');
  const path = pathOf(url.pathname);
  const route = `${request.method} ${path}`;
  const handler = Object.hasOwn(handlers, route) ? handlers[route] : undefined;
  if (handler === undefined) {
    fail(response, 404, { code: 'usage', message: `no such call: ${request.method} ${url.pathname}` });
    return;
  }
  const user = gate.userOf(caller, request);
  const body = request.method === 'POST' ? await readBody(request) : {};
  if (body === null) {
    fail(response, 400, {
      code: 'usage',
      message: 'cannot read the request: not a JSON object, or too long',
    });
    return;
  }
  if (request.method === 'POST') {
    const who = { ...whoAsks(caller), user };
    log.info({ ...who, request: inShort(body) }, `control: ${who.user} asks for ${path.slice(1)}`);
  }
  try {
    gate.assertMay(caller, route);
    const reply = await handler({ path, query: url.searchParams, body, caller, user, request, response });
    if (reply !== undefined) sendJson(response, 200, reply);
  } catch (error) {
    if (!(error instanceof HostdError) || response.headersSent) throw error;
    const { code, message, hint } = error;
    fail(response, statuses[code] ?? 409, {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Below the API's prefix. Metrics are where everybody has them, too. */
function pathOf(path: string): string {
  if (path.startsWith(`${API}/`)) return path.slice(API.length);
  return path === '/metrics' ? path : '';
}

async function leaveHttp(
  request: IncomingMessage,
  socket: Socket,
  early: Buffer,
  upgrade: Upgrade,
): Promise<void> {
  if (request.url !== terminalPath || request.headers.upgrade !== terminalProtocol) {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  const caller = peerOf(request.socket);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ${terminalProtocol}\r\n\r\n`,
  );
  await upgrade(socket, early, caller);
}

/** The caller. @throws when the kernel does not tell: then the connection is not served. */
function peerOf(socket: Socket): Peer {
  const { _handle: handle } = socket as unknown as { _handle: { fd: number } };
  return native.peer(handle.fd);
}

async function readBody(request: IncomingMessage): Promise<{ [key: string]: unknown } | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) return null;
    chunks.push(chunk);
  }
  if (length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as { [key: string]: unknown })
      : null;
  } catch {
    return null;
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function fail(response: ServerResponse, status: number, error: ErrorReply['error']): void {
  sendJson(response, status, { error } satisfies ErrorReply);
}

/** Answers with one line of JSON for each piece of progress as it comes, and with a last line when `work` is done. */
export async function stream(
  response: ServerResponse,
  work: (report: (progress: Progress) => void) => Promise<void>,
): Promise<undefined> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  // When the caller goes away, the work is still finished.
  response.on('error', () => {});
  const report = (progress: Progress) => {
    if (response.writable) response.write(`${JSON.stringify(progress)}\n`);
  };
  try {
    await work(report);
  } catch (error) {
    if (!(error instanceof HostdError)) throw error;
    const hint = error.hint === undefined ? '' : `\n  try: ${error.hint}`;
    report({ kind: 'done', name: 'hostd', outcome: 'failed', message: `${error.message}${hint}` });
  }
  report({ kind: 'end' });
  response.end();
  return undefined;
}
