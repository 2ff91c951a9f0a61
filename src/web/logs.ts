// Logs for whoever is logged in: the end of one, and one that is followed. A session, and all of them together, follow a bounded number.

import type { ServerResponse } from 'node:http';
import type { AboutReply } from '../protocol/control.ts';
import type { Session } from './access/sessions.ts';
import type { Streamed } from './http/server.ts';
import { type Channel, isChannel } from './pages/log.ts';
import { type Root, RootError } from './root.ts';

/** Logs that one session follows at once, and all together. Each takes a connection to root. */
const mostFollowed = { each: 4, all: 24 };
/** Milliseconds for a browser to take what is written to it. */
const patience = 60_000;

export interface Logs {
  /** The last lines; or why they cannot be read. `most`: bytes. */
  end(
    name: string,
    channel: Channel,
    lines: number,
    most: number,
    user: string,
  ): Promise<string | { why: string }>;
  /** @throws RootError where too many are followed, or root refuses. */
  follow(name: string, query: URLSearchParams, session: Session): Promise<Streamed>;
}

export function makeLogs(root: Root): Logs {
  const followed = new Map<Session, number>();
  return {
    async end(name: string, channel: Channel, lines: number, most: number, user: string) {
      try {
        return await root.log(
          [
            ['name', name],
            ['channel', channel],
            ['lines', String(lines)],
          ],
          most,
          user,
        );
      } catch (error) {
        if (error instanceof RootError) return { why: error.message };
        throw error;
      }
    },
    async follow(name: string, query: URLSearchParams, session: Session): Promise<Streamed> {
      const open = followed.get(session) ?? 0;
      const all = [...followed.values()].reduce((sum, count) => sum + count, 0);
      if (open >= mostFollowed.each || all >= mostFollowed.all)
        throw new RootError(503, 'cannot follow another log: close one of the others');
      const channel = query.get('channel') ?? 'stdout';
      const lines = /^\d{1,4}$/.test(query.get('lines') ?? '') ? String(query.get('lines')) : '20';
      const ending = new AbortController();
      const end = () => ending.abort();
      session.ending.signal.addEventListener('abort', end);
      followed.set(session, open + 1);
      const leave = () => {
        end();
        session.ending.signal.removeEventListener('abort', end);
        const left = (followed.get(session) ?? 1) - 1;
        if (left === 0) followed.delete(session);
        else followed.set(session, left);
      };
      try {
        const asked = [
          ['name', name],
          ['channel', isChannel(channel) ? channel : 'stdout'],
          ['lines', lines],
        ] as const;
        const log = await root.follow(asked, session.user, ending.signal);
        return { stream: response => passOn(log, response, ending).finally(leave) };
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}

/** Writes what comes until one of the two ends. Whoever does not read for long is given up. */
async function passOn(
  log: AsyncIterable<Buffer>,
  response: ServerResponse,
  ending: AbortController,
): Promise<void> {
  response.once('close', () => ending.abort());
  response.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  try {
    for await (const chunk of log) {
      if (response.destroyed) break;
      if (!response.write(chunk)) await drained(response);
    }
  } catch {
    // Root has ended it, or the session has ended.
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const late = setTimeout(() => response.destroy(), patience);
    const done = () => {
      clearTimeout(late);
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

/** Which logs a program and its site have. */
export function logsOf({ programs, site }: AboutReply, name: string): readonly Channel[] {
  const own = programs.find(one => one.name === name)?.logs.length ?? 0;
  return [
    ...(own > 0 ? (['stdout'] as const) : []),
    ...(own > 1 ? (['stderr'] as const) : []),
    ...(site === null ? [] : (['access', 'errors'] as const)),
  ];
}
