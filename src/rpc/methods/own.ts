// hostd itself, as Supervisor describes itself, and what goes to programs besides logs.

import { splitName } from '../../words/process-names.ts';
import type { Struct, Value } from '../../xmlrpc/values.ts';
import { pythonStr } from '../../xmlrpc/values.ts';
import type { Session } from '../session.ts';
import { RpcFault, textOf } from './errors.ts';
import { named } from './orders.ts';
import { moods } from './states.ts';

export const apiVersion = '3.0';
/** The version of Supervisor whose behaviour this is. */
export const supervisorVersion = '4.2.5';

export function getState(session: Session): Struct {
  const { mood } = session.about();
  return new Map<string, Value>([
    ['statecode', mood],
    ['statename', moods[mood] ?? null],
  ]);
}

export async function sendProcessStdin(session: Session, name: Value, chars: Value): Promise<boolean> {
  if (typeof chars !== 'string') throw new RpcFault('INCORRECT_PARAMETERS', chars);
  const typed = textOf(name, 'split');
  const { group, name: process } = splitName(typed);
  if (process === null) {
    await named(session.ask('processes', { groups: [group] }), typed);
    throw new RpcFault('BAD_NAME', typed);
  }
  const bytes = Buffer.from(chars).toString('base64');
  return named(session.ask('writeStdin', { group, name: process, bytes }), typed);
}

export async function sendRemoteCommEvent(session: Session, type: Value, data: Value): Promise<boolean> {
  return session.ask('remoteEvent', { type: pythonStr(type), data: pythonStr(data) });
}
