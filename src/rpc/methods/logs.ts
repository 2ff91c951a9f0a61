// Reading and clearing logs: hostd's own and those of the processes. Bytes that are no UTF-8 become U+FFFD, where Supervisor would
// answer with an error.

import { type LogName, longestRead, type ProcessName } from '../../protocol/rpc.ts';
import { splitName } from '../../words/process-names.ts';
import type { Struct, Value } from '../../xmlrpc/values.ts';
import { RootFault, type Session } from '../session.ts';
import { integerOf, RpcFault, textOf, Unforeseen } from './errors.ts';
import { named, resultOf } from './orders.ts';
import { listed } from './processes.ts';

type Channel = 'stdout' | 'stderr';

export function readMainLog(session: Session, offset: Value, length: Value): Promise<string> {
  return read(session, 'main', offset, length);
}

export const readProcessLog =
  (channel: Channel) => (session: Session, name: Value, offset: Value, length: Value) => {
    const typed = textOf(name, 'split');
    return withName(typed, read(session, logOf(typed, channel), offset, length));
  };

export const tailProcessLog =
  (channel: Channel) => async (session: Session, name: Value, offset: Value, length: Value) => {
    const typed = textOf(name, 'split');
    return withName(typed, tail(session, logOf(typed, channel), offset, length));
  };

export async function clearMainLog(session: Session): Promise<boolean> {
  return session.ask('clearLog', { log: 'main' });
}

export async function clearProcessLogs(session: Session, name: Value): Promise<boolean> {
  const typed = textOf(name, 'split');
  return named(session.ask('clearLog', processOf(typed)), typed);
}

export async function clearAllProcessLogs(session: Session): Promise<Struct[]> {
  const results: Struct[] = [];
  for (const { group, name } of listed(await session.ask('processes', { groups: null })))
    results.push(
      await resultOf({ group, name }, (process, typed) => named(session.ask('clearLog', process), typed)),
    );
  return results;
}

async function read(session: Session, log: LogName, offset: Value, length: Value): Promise<string> {
  const ask = (from: number, bytes: number) => session.ask('readLog', { log, offset: from, length: bytes });
  const wanted = () => {
    const [first, most] = [integerOf(offset), integerOf(length)];
    if (most < 0 || (first < 0 && most !== 0)) throw new RpcFault('BAD_ARGUMENTS');
    const [from, bytes] = [bounded(first), bounded(most)];
    return { from, bytes: from < 0 ? Math.min(-from, longestRead) : bytes === 0 ? longestRead : bytes };
  };
  let range: { from: number; bytes: number };
  try {
    range = wanted();
  } catch (error) {
    // A missing log is reported first, and one that cannot be read is not.
    await ask(0, 0).catch(refused => {
      if (!(refused instanceof RootFault) || refused.fault !== 'FAILED') throw refused;
    });
    if (!(error instanceof Unforeseen) || error.type !== 'ValueError') throw error;
    throw new Unforeseen('AttributeError', `type object 'Faults' has no attribute '${error.message}'`);
  }
  // Of a tail that is too long, the end counts.
  const { bytes } = await ask(range.from < 0 ? -range.bytes : range.from, range.bytes);
  return textIn(bytes);
}

/** Returns [text, the offset to go on from, whether more was written than was asked for]. */
async function tail(session: Session, log: LogName, offset: Value, length: Value): Promise<Value> {
  let size: number;
  try {
    ({ size } = await session.ask('readLog', { log, offset: 0, length: 0 }));
  } catch (error) {
    if (!(error instanceof RootFault)) throw error;
    if (error.fault === 'NO_FILE') return ['', 0, false];
    if (error.fault !== 'FAILED') throw error;
    // It is there, but has no end to look at: a pipe.
    const [from] = [integerOf(offset), integerOf(length)];
    return ['', from, false];
  }
  const range = tailRange(size, integerOf(offset), integerOf(length));
  if (range.length === 0) return ['', size, range.overflow];
  const { bytes } = await session.ask('readLog', {
    log,
    offset: bounded(range.offset),
    length: Math.min(bounded(range.length), longestRead),
  });
  return [textIn(bytes), size, range.overflow];
}

/** The bytes of the tail of a log of this size, as Supervisor computes them. */
export function tailRange(
  size: number,
  offset: number,
  length: number,
): { offset: number; length: number; overflow: boolean } {
  const overflow = size > offset + length;
  let from = overflow ? size - 1 : offset;
  let bytes = length;
  if (from + bytes > size) {
    if (from > size - 1) bytes = 0;
    from = size - bytes;
  }
  return { offset: Math.max(0, from), length: Math.max(0, bytes), overflow };
}

function bounded(number: number): number {
  if (Number.isSafeInteger(number)) return number;
  throw new Unforeseen('OverflowError', 'Python int too large to convert to C long');
}

function textIn(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** @throws RpcFault for the name of a group */
function processOf(typed: string): ProcessName {
  const { group, name } = splitName(typed);
  if (name === null) throw new RpcFault('BAD_NAME', typed);
  return { group, name };
}

function logOf(typed: string, channel: Channel): LogName {
  return { ...processOf(typed), channel };
}

async function withName<T>(typed: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RootFault && error.fault === 'BAD_NAME') throw new RpcFault('BAD_NAME', typed);
    throw error;
  }
}
