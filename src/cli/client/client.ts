// One request to hostd over its control socket, and the reply in the shapes of protocol/control.ts.

import type { Socket } from 'node:net';
import { HostdError, messageOf } from '../../errors.ts';
import { API, type ErrorReply, type Progress } from '../../protocol/control.ts';
import { ReplyReader } from './http-reply.ts';

// As in process-name.ts.
const { createConnection } = process.getBuiltinModule('node:net');

export interface Request {
  readonly method: 'GET' | 'POST';
  /** Below /v1: "status". */
  readonly path: string;
  /** Pairs of the query; a name may come more than once. */
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: unknown;
  /** Seconds without a byte until the request fails; absent: never. */
  readonly timeout?: number;
  /** Ends the request. The reply then ends as if it were whole. */
  readonly stop?: AbortSignal;
}

/** Sends requests to the hostd that listens on a socket. Each throws a HostdError: no-daemon, permission, or hostd's own. */
export class Client {
  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  /** The JSON of a reply. Its shape is not checked: client and hostd come from one package. */
  async get<T>(request: Request): Promise<T> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.stream(request)) chunks.push(chunk);
    return parseJson(Buffer.concat(chunks).toString()) as T;
  }

  /** The progress of a command that takes time. Fails unless hostd sends `end`. */
  async *progress(request: Request): AsyncGenerator<Progress> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of this.stream(request)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        const progress = parseJson(line) as Progress;
        if (progress.kind === 'end') return;
        yield progress;
      }
    }
    if (request.stop?.aborted !== true) throw brokenOff();
  }

  /** The bytes of a reply, as they come. */
  async *stream(request: Request): AsyncGenerator<Buffer> {
    const socket = createConnection(this.socket);
    const stop = () => socket.destroy();
    request.stop?.addEventListener('abort', stop);
    try {
      socket.write(encode(request));
      if (request.timeout !== undefined) failAfter(socket, request.timeout);
      yield* readReply(socket);
    } catch (error) {
      if (request.stop?.aborted === true) return;
      if (error instanceof HostdError) throw error;
      // Loaded only when something is wrong.
      const { explain } = await import('./unreachable.ts');
      throw await explain(error, this.socket);
    } finally {
      request.stop?.removeEventListener('abort', stop);
      socket.destroy();
    }
  }
}

async function* readReply(socket: Socket): AsyncGenerator<Buffer> {
  const reader = new ReplyReader();
  const errorBody: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const pieces = reader.push(chunk);
    if (reader.head !== null && reader.head.status >= 400) errorBody.push(...pieces);
    else yield* pieces;
    if (reader.isDone) break;
  }
  if (!reader.end()) throw brokenOff();
  if (reader.head !== null && reader.head.status >= 400)
    throw toError(reader.head.status, Buffer.concat(errorBody).toString());
}

function encode({ method, path, query = [], body }: Request): string {
  const pairs = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const search = pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  const text = body === undefined ? '' : JSON.stringify(body);
  const length = method === 'GET' ? '' : `Content-Length: ${Buffer.byteLength(text)}\r\n`;
  const type = text === '' ? '' : 'Content-Type: application/json\r\n';
  return `${method} ${API}/${path}${search} HTTP/1.1\r\nHost: hostd\r\nConnection: close\r\n${type}${length}\r\n${text}`;
}

function failAfter(socket: Socket, seconds: number): void {
  socket.setTimeout(seconds * 1000, () => {
    socket.destroy(
      new HostdError('failed', `cannot get an answer from hostd: it said nothing for ${seconds} s`, {
        hint: 'systemctl status hostd, or: journalctl -u hostd',
      }),
    );
  });
}

function brokenOff(): HostdError {
  return new HostdError(
    'failed',
    'cannot say how it ended: hostd closed the connection before it had finished',
    {
      hint: 'hostctl status, or: journalctl -u hostd',
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HostdError('failed', `cannot understand the answer of hostd: ${messageOf(cause)}`, {
      hint: 'is this the socket of hostd, and hostctl of the same version?',
      cause,
    });
  }
}

/** The error in a reply with a status of 400 or more. */
function toError(status: number, body: string): HostdError {
  const { error } = (parseJson(body) ?? {}) as Partial<ErrorReply>;
  if (error === undefined) return new HostdError('failed', `cannot: hostd answered with status ${status}`);
  const code = status === 403 ? 'permission' : error.code === 'unknown-name' ? 'unknown-name' : 'failed';
  return new HostdError(code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
