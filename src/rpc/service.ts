// What hostd-rpc's HTTP offers to Supervisor's clients: calls of methods, and logs to follow.

import { messageOf } from '../errors.ts';
import type { LogName } from '../protocol/rpc.ts';
import { splitName } from '../words/process-names.ts';
import { readCall } from '../xmlrpc/read.ts';
import { CannotMarshal, writeAnswer, writeFault } from '../xmlrpc/write.ts';
import type { Service } from './http/connection.ts';
import { RpcFault, Unforeseen } from './methods/errors.ts';
import { call } from './methods/table.ts';
import type { Root } from './root.ts';
import { RootFault, type Session } from './session.ts';

/** Bytes from a log's end that a follower gets first. */
const tailBytes = 1024;

/** `complain` is called with mistakes of hostd's own. */
export function makeService(root: Root, complain: (why: string) => void): Service {
  return {
    async call(body, uid) {
      let wanted: ReturnType<typeof readCall>;
      try {
        wanted = readCall(body);
      } catch {
        return 400;
      }
      const { method, params } = wanted;
      if (method === null) return 400;
      const session: Session = {
        about: root.about,
        ask: (kind, ask) => root.ask(kind, ask, uid),
        now: Date.now,
      };
      try {
        return writeAnswer(await call(session, method, params));
      } catch (error) {
        if (error instanceof RpcFault) return writeFault(error.code, error.text);
        if (!(error instanceof Unforeseen || error instanceof CannotMarshal)) complain(messageOf(error));
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

function logOf(typed: string, channel: string): LogName | null {
  const { group, name } = splitName(typed);
  if (name === null || (channel !== 'stdout' && channel !== 'stderr')) return null;
  return { group, name, channel };
}
