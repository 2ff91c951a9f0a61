// The server: calls of its methods over HTTP, on a unix socket or TCP, and logs to follow.

import type { IncomingMessage, RequestOptions } from 'node:http';
import { errnoOf } from '../../errors.ts';
import { readAnswer } from '../../xmlrpc/read.ts';
import type { Value } from '../../xmlrpc/values.ts';
import { writeCall } from '../../xmlrpc/write.ts';

export interface Login {
  readonly serverurl: string;
  readonly username: string | null;
  readonly password: string | null;
}

/** A fault that the server answers with. */
export class Fault extends Error {
  readonly code: number;
  readonly text: string;
  constructor(code: number, text: string) {
    super(text);
    this.code = code;
    this.text = text;
  }
}

/** An HTTP answer with a wrong status. */
export class BadStatus extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string) {
    super(`${status} ${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** There is no connection: errno's name. */
export class Unreachable extends Error {
  readonly errno: string;
  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

/** @throws Fault, BadStatus, Unreachable */
export async function call(login: Login, method: string, ...params: readonly Value[]): Promise<Value> {
  const body = Buffer.from(writeCall(method, params));
  const response = await send(
    login,
    {
      method: 'POST',
      path: '/RPC2',
      headers: {
        Host: 'localhost',
        'User-Agent': 'hostctl',
        'Content-Type': 'text/xml',
        Accept: 'text/xml',
        'Content-Length': body.length,
      },
    },
    body,
  );
  if (response.statusCode !== 200) {
    response.destroy();
    throw new BadStatus(response.statusCode ?? 0, response.statusMessage ?? '');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const answer = readAnswer(Buffer.concat(chunks).toString('utf8'));
  if (answer.kind === 'fault') throw new Fault(answer.code, answer.text);
  return answer.value;
}

/** The end of a log, and what is added to it. @throws BadStatus, Unreachable */
export async function follow(
  login: Login,
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const response = await send(login, {
    method: 'GET',
    path,
    headers: { Host: 'localhost', Accept: '*/*', 'User-Agent': 'hostctl' },
    signal,
  });
  if (response.statusCode === 200) return response as AsyncIterable<Buffer>;
  response.destroy();
  throw new BadStatus(response.statusCode ?? 0, response.statusMessage ?? '');
}

async function send(
  { serverurl, username, password }: Login,
  options: RequestOptions,
  body?: Buffer,
): Promise<IncomingMessage> {
  const { request } = await import('node:http');
  const auth = username === null || password === null ? {} : { auth: `${username}:${password}` };
  return new Promise((resolve, reject) => {
    const asked = request({ ...addressOf(serverurl), ...auth, agent: false, ...options }, resolve);
    asked.on('error', error => reject(new Unreachable(errnoOf(error) ?? error.message)));
    asked.end(body);
  });
}

/** "unix:///path" or "http://host:port". @throws Error for anything else */
function addressOf(url: string): RequestOptions {
  if (url.startsWith('unix://')) return { socketPath: url.slice(7) };
  if (!url.startsWith('http://')) throw new Error(`Unknown protocol for serverurl ${url}`);
  const { hostname, port } = new URL(url);
  return { host: hostname.replaceAll(/[[\]]/g, ''), port: port === '' ? 80 : Number(port) };
}
