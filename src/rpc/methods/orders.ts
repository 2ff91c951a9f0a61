// Starting, stopping and signalling: one process, a group, or all. All members of a group are asked for in one go. The result lists them
// in the order in which they were done.

import type { ProcessInfo, ProcessName } from '../../protocol/rpc.ts';
import { faultCodes } from '../../protocol/rpc.ts';
import { joinName, splitName } from '../../words/process-names.ts';
import { isTrue, type Struct, type Value } from '../../xmlrpc/values.ts';
import { RootFault, type Session } from '../session.ts';
import { keyOf, RpcFault, textOf } from './errors.ts';
import { type Listed, listed } from './processes.ts';
import { signalNumber } from './signals.ts';
import { isSignallable, isUp } from './states.ts';

/** An act on one process. `typed`: its name as the caller has written it. */
type Act = (process: ProcessName, typed: string) => Promise<unknown>;

interface Order {
  /** Which members of a group the order is for. */
  isFor(info: ProcessInfo): boolean;
  /** `isOneOfMany`: the caller has named a group, or all. */
  act(session: Session, isOneOfMany: boolean): Act;
  /** Which of them are done as soon as they have begun. */
  isAtOnce?(info: ProcessInfo): boolean;
}

const start = (wait: Value): Order => ({
  isFor: info => !isUp(info),
  isAtOnce: info => info.startsAtOnce === true,
  act: (session, isOneOfMany) => (process, typed) =>
    named(session.ask('start', { ...plain(process), wait: isTrue(wait), isOneOfMany }), typed),
});

const stop = (wait: Value): Order => ({
  isFor: info => isUp(info) || info.isScheduled === true,
  act: session => (process, typed) =>
    named(session.ask('stop', { ...plain(process), wait: isTrue(wait) }), typed),
});

const signal = (which: Value): Order => ({
  isFor: isSignallable,
  act: session => async (process, typed) => {
    let number: number | null = null;
    let wrong: unknown = null;
    try {
      number = signalNumber(which);
      if (number === null) wrong = new RpcFault('BAD_SIGNAL', which);
    } catch (error) {
      wrong = error;
    }
    if (number === null) {
      // An unknown name is reported before an unknown signal.
      await named(find(session, process), typed);
      throw wrong;
    }
    return named(session.ask('signal', { ...plain(process), signal: number }), typed);
  },
});

export const startProcess = (session: Session, name: Value, wait: Value = true) =>
  one(session, name, start(wait));
export const startProcessGroup = (session: Session, name: Value, wait: Value = true) =>
  group(session, name, start(wait));
export const startAllProcesses = (session: Session, wait: Value = true) => all(session, start(wait));

export const stopProcess = (session: Session, name: Value, wait: Value = true) =>
  one(session, name, stop(wait));
export const stopProcessGroup = (session: Session, name: Value, wait: Value = true) =>
  group(session, name, stop(wait));
export const stopAllProcesses = (session: Session, wait: Value = true) => all(session, stop(wait));

export const signalProcess = (session: Session, name: Value, which: Value) =>
  one(session, name, signal(which));
export const signalProcessGroup = (session: Session, name: Value, which: Value) =>
  group(session, name, signal(which));
export const signalAllProcesses = (session: Session, which: Value) => all(session, signal(which));

async function one(session: Session, name: Value, order: Order): Promise<Value> {
  const typed = textOf(name, 'split');
  const { group: of, name: process } = splitName(typed);
  if (process !== null) {
    await order.act(session, false)({ group: of, name: process }, typed);
    return true;
  }
  const groups = await session.ask('processes', { groups: [of] });
  if (groups.length === 0) throw new RpcFault('BAD_NAME', typed);
  return each(session, listed(groups), order);
}

async function group(session: Session, name: Value, order: Order): Promise<Value> {
  const key = keyOf(name);
  const groups = typeof key === 'string' ? await session.ask('processes', { groups: [key] }) : [];
  if (groups.length === 0) throw new RpcFault('BAD_NAME', name);
  return each(session, listed(groups), order);
}

async function all(session: Session, order: Order): Promise<Value> {
  return each(session, listed(await session.ask('processes', { groups: null })), order);
}

/** Milliseconds in which members that are done count as done at once. They keep the order of their group. */
const atOnceMs = 50;

async function each(session: Session, processes: readonly Listed[], order: Order): Promise<Struct[]> {
  const chosen = processes.filter(({ info }) => order.isFor(info));
  const act = order.act(session, true);
  const results: Struct[] = [];
  let done: { readonly place: number; readonly result: Struct }[] = [];
  const flush = () => {
    results.push(...done.sort((a, b) => a.place - b.place).map(({ result }) => result));
    done = [];
  };
  let timer: NodeJS.Timeout | undefined;
  // Supervisor does these at once, before it looks at the others.
  let before = order.isAtOnce === undefined ? 0 : chosen.filter(({ info }) => order.isAtOnce?.(info)).length;
  await Promise.all(
    chosen.map(async (process, place) => {
      const result = await resultOf(process, act);
      done.push({ place, result });
      if (order.isAtOnce?.(process.info)) before--;
      clearTimeout(timer);
      if (before === 0) timer = setTimeout(flush, atOnceMs);
    }),
  );
  clearTimeout(timer);
  flush();
  return results;
}

/** The struct for one process among several. */
export async function resultOf(process: ProcessName, act: Act): Promise<Struct> {
  const result = (status: number, description: string): Struct =>
    new Map<string, Value>([
      ['name', process.name],
      ['group', process.group],
      ['status', status],
      ['description', description],
    ]);
  try {
    await act(process, joinName(process));
    return result(faultCodes.SUCCESS, 'OK');
  } catch (error) {
    if (error instanceof RpcFault) return result(error.code, error.text);
    throw error;
  }
}

async function find(session: Session, { group: of, name }: ProcessName): Promise<void> {
  const groups = await session.ask('processes', { groups: [of] });
  if (!listed(groups).some(process => process.name === name)) throw new RootFault('BAD_NAME', null);
}

function plain({ group, name }: ProcessName): ProcessName {
  return { group, name };
}

/** A fault without its own words gets the name, as it was typed. */
export async function named<T>(asked: Promise<T>, typed: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof RootFault)) throw error;
    const isBare = error.extra === null && error.fault !== 'SHUTDOWN_STATE';
    throw new RpcFault(error.fault, isBare ? typed : error.extra);
  }
}
