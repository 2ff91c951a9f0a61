// Asks root, over the socket that hostd-web alone can find (protocol/web.ts): the control API with what the page may have of it. Knows
// nothing of browsers.

import { Agent, type IncomingMessage, request } from 'node:http';
import { messageOf } from '../errors.ts';
import { API, type ErrorReply, type Progress } from '../protocol/control.ts';
import { decodeEvent, type JournalEvent } from '../protocol/journal.ts';
import { askerHeader } from '../protocol/web.ts';

export type Query = readonly (readonly [name: string, value: string])[];

/** A command's results. `isOver` false: it goes on, and this is what has come of it so far. */
export interface Acted {
  readonly done: readonly (Progress & { readonly kind: 'done' })[];
  readonly isOver: boolean;
}

/** Root's refusal, or the failure to ask it. */
export class RootError extends Error {
  readonly status: number;
  readonly hint: string | null;
  constructor(status: number, message: string, hint: string | null = null) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** Every call throws RootError. `user`: who is logged in. */
export interface Root {
  get<T>(path: string, query: Query, user: string): Promise<T>;
  /** Events, the oldest first. */
  events(query: Query, user: string): Promise<readonly JournalEvent[]>;
  /** The text of a log, at most `most` bytes of its end. */
  log(query: Query, most: number, user: string): Promise<string>;
  /** Bytes as they come, until one of the two ends. */
  follow(query: Query, user: string, signal: AbortSignal): Promise<IncomingMessage>;
  act(path: string, body: object, user: string): Promise<Acted>;
  /** The text of an answer that takes `ms` milliseconds at most. */
  ask(path: string, body: object, user: string, ms: number): Promise<string>;
}

/** Bytes of the longest answer that is read. */
const longestAnswer = 16 * 1024 * 1024;
/** Milliseconds for an answer; for a command, until the browser is told that it goes on. */
const patience = 20_000;

/** `path`: the socket's. */
export function makeRoot(path: string): Root {
  // A new connection for each: root may close a kept one at the moment that it is used.
  const agent = new Agent({ keepAlive: false, maxSockets: 48 });
  const open = (
    method: string,
    call: string,
    query: Query,
    user: string,
    body: string | null,
    signal?: AbortSignal,
  ) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const search = new URLSearchParams(
        query.map(([name, value]): [string, string] => [name, value]),
      ).toString();
      const asking = request({
        socketPath: path,
        agent,
        method,
        path: `${API}/${call}${search === '' ? '' : `?${search}`}`,
        headers: {
          [askerHeader]: encodeURIComponent(user.toWellFormed()),
          ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      asking.on('response', resolve);
      asking.on('error', error => reject(new RootError(502, `cannot ask hostd: ${messageOf(error)}`)));
      asking.end(body ?? undefined);
    });
  const ask = async (...[method, call, query, user, body = null, signal]: AskArguments) => {
    const answer = await open(method, call, query, user, body, signal);
    const status = answer.statusCode ?? 500;
    if (status < 400) return answer;
    throw refusalOf(status, await textOf(answer, 64 * 1024));
  };
  type AskArguments = [
    method: string,
    call: string,
    query: Query,
    user: string,
    body?: string | null,
    signal?: AbortSignal,
  ];
  return {
    async get<T>(call: string, query: Query, user: string) {
      const answer = await ask('GET', call, query, user, null, AbortSignal.timeout(patience));
      return JSON.parse(await textOf(answer, longestAnswer)) as T;
    },
    async events(query, user) {
      const answer = await ask('GET', 'events', query, user, null, AbortSignal.timeout(patience));
      const text = await textOf(answer, longestAnswer);
      return text.split('\n').flatMap(line => decodeEvent(line) ?? []);
    },
    async log(query, most, user) {
      const answer = await ask('GET', 'logs', query, user, null, AbortSignal.timeout(patience));
      return await endOf(answer, most);
    },
    follow: (query, user, signal) => ask('GET', 'logs', [...query, ['follow', '']], user, null, signal),
    async ask(call, body, user, ms) {
      const answer = await ask('POST', call, [], user, JSON.stringify(body), AbortSignal.timeout(ms));
      return await textOf(answer, longestAnswer);
    },
    async act(call, body, user) {
      return await progressOf(await ask('POST', call, [], user, JSON.stringify(body)));
    },
  };
}

function refusalOf(status: number, text: string): RootError {
  try {
    const { error } = JSON.parse(text) as ErrorReply;
    return new RootError(status, error.message, error.hint ?? null);
  } catch {
    return new RootError(status, `hostd has answered with ${status}`);
  }
}

async function textOf(answer: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > most) throw new RootError(502, 'cannot show what hostd answers: it is too much');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof RootError ? error : new RootError(502, `cannot ask hostd: ${messageOf(error)}`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The last bytes, from the beginning of a line on where there is one. */
async function endOf(answer: IncomingMessage, most: number): Promise<string> {
  let kept: Buffer = Buffer.alloc(0);
  let isCut = false;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      kept = Buffer.concat([kept, chunk]);
      if (kept.length <= most) continue;
      kept = Buffer.from(kept.subarray(kept.length - most));
      isCut = true;
    }
  } catch (error) {
    throw new RootError(502, `cannot read the log: ${messageOf(error)}`);
  }
  const start = isCut ? kept.indexOf('\n') + 1 : 0;
  return kept.subarray(start).toString('utf8');
}

/** Reads progress until its end, or until the browser has waited for long enough. The command itself goes on in any case. */
async function progressOf(answer: IncomingMessage): Promise<Acted> {
  const done: (Progress & { readonly kind: 'done' })[] = [];
  let isOver = false;
  let rest = '';
  const late = setTimeout(() => answer.destroy(), patience);
  try {
    answer.setEncoding('utf8');
    for await (const chunk of answer as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const progress = JSON.parse(line) as Progress;
        if (progress.kind === 'done') done.push(progress);
        isOver ||= progress.kind === 'end';
      }
    }
  } catch {
    // It goes on, or hostd has ended meanwhile.
  } finally {
    clearTimeout(late);
  }
  return { done, isOver };
}
