// What hostd-rpc's HTTP offers to Supervisor's clients: calls of methods, and logs to follow.

import { messageOf } from '../errors.ts';
import { type LogName, longestSaid } from '../protocol/rpc.ts';
import { splitName } from '../words/process-names.ts';
import { repr } from '../words/python.ts';
import { readCall } from '../xmlrpc/read.ts';
import { CannotMarshal, writeAnswer, writeFault } from '../xmlrpc/write.ts';
import type { Reply, Service } from './http/connection.ts';
import { type Fields, logDate } from './http/reply.ts';
import { RpcFault, Unforeseen } from './methods/errors.ts';
import { call } from './methods/table.ts';
import { pageHeaders } from './pages/html.ts';
import { type Page, pageName, pageOf } from './pages/pages.ts';
import type { Root } from './root.ts';
import { RootFault, type Session } from './session.ts';

/** Bytes from a log's end that a follower gets first. */
const tailBytes = 1024;

/** `complain` is called with mistakes of hostd's own. */
export function makeService(root: Root, complain: (why: string) => void): Service {
  const sessionOf = (uid: number | null): Session => ({
    about: root.about,
    ask: (kind, ask) => root.ask(kind, ask, uid),
    now: Date.now,
  });
  return {
    async call(body, uid) {
      let wanted: ReturnType<typeof readCall>;
      try {
        wanted = readCall(body);
      } catch {
        root.say('error', () => `XML-RPC request data ${shown(body)} is invalid: unmarshallable`);
        return 400;
      }
      const { method, params } = wanted;
      if (method === null) {
        root.say('error', () => `XML-RPC request data ${shown(body)} is invalid: no method name`);
        return 400;
      }
      root.say('trace', () => `XML-RPC method called: ${method}()`);
      try {
        const value = await call(sessionOf(uid), method, params);
        root.say('trace', () => `XML-RPC method ${method}() returned successfully`);
        return writeAnswer(value);
      } catch (error) {
        if (error instanceof RpcFault) {
          root.say('trace', () => `XML-RPC method ${method}() returned fault: [${error.code}] ${error.text}`);
          return writeFault(error.code, error.text);
        }
        const isForeseen = error instanceof Unforeseen || error instanceof CannotMarshal;
        if (!isForeseen) complain(messageOf(error));
        const what = error instanceof Unforeseen ? `${error.type}: ${error.message}` : messageOf(error);
        root.say(
          'critical',
          () => `Handling XML-RPC request with data ${shown(body)} raised an unexpected exception: ${what}`,
        );
        return 500;
      }
    },
    replied({ host, port }, request, status, bytes) {
      const line = `${host}:${port} - - [${logDate(Date.now())}] "${request}" ${status} ${bytes}`;
      // As in Supervisor, whatever has this word in it is an error.
      root.say(/error/i.test(line) ? 'error' : 'trace', () => line);
    },
    hasPage: path => pageName(path) !== null,
    async page(path, fields, foreign, uid) {
      const form = formOf(fields);
      if (foreign && form.has('action')) return 403;
      try {
        return replyOf(await pageOf(sessionOf(uid), path, form));
      } catch (error) {
        if (!(error instanceof RpcFault || error instanceof Unforeseen)) complain(messageOf(error));
        return 500;
      }
    },
    async follow(process, channel, uid) {
      const log = process === null ? 'main' : logOf(process, channel);
      if (log === null) return null;
      try {
        return await root.follow(log, tailBytes, uid);
      } catch (error) {
        if (error instanceof RootFault) return null;
        throw error;
      }
    },
  };
}

/** A request's body in the log; of one that is longer than what may be said, its beginning. */
function shown(body: string): string {
  return repr(body.slice(0, longestSaid));
}

function logOf(typed: string, channel: string): LogName | null {
  const { group, name } = splitName(typed);
  if (name === null || (channel !== 'stdout' && channel !== 'stderr')) return null;
  return { group, name, channel };
}

/** Later fields win over earlier ones; of one kind the first value. Empty ones are none, as Python reads them. */
function formOf(fields: readonly URLSearchParams[]): Map<string, string> {
  const form = new Map<string, string>();
  for (const some of fields)
    for (const name of new Set(some.keys())) {
      const value = some.getAll(name).find(one => one !== '');
      if (value !== undefined) form.set(name, value);
    }
  return form;
}

const uncached: Fields = [
  ['Pragma', 'no-cache'],
  ['Cache-Control', 'no-cache'],
  ['Expires', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ...pageHeaders,
];

function replyOf(page: Page): Reply {
  if (page.kind === 'done') {
    // Relative, for those who have it below a path of a proxy's.
    const location = `./?message=${encodeURIComponent(page.message)}`;
    const fields: Fields = [['Location', location], ['Content-Type', 'text/html'], ...uncached];
    return { status: 301, fields, body: '' };
  }
  if (page.kind === 'plain')
    return { status: 200, fields: [['Content-Type', 'text/plain']], body: page.body };
  return { status: 200, fields: [['Content-Type', 'text/html;charset=utf-8'], ...uncached], body: page.body };
}
