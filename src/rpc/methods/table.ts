// Supervisor's 41 methods by their names, and the rules of a call: when it is allowed, and with how many arguments.

import { pythonType, type Value } from '../../xmlrpc/values.ts';
import { RootFault, type Session } from '../session.ts';
import { RpcFault, Unforeseen, unfit } from './errors.ts';
import { addProcessGroup, getAllConfigInfo, reloadConfig, removeProcessGroup } from './groups.ts';
import { help } from './help.ts';
import {
  clearAllProcessLogs,
  clearMainLog,
  clearProcessLogs,
  readMainLog,
  readProcessLog,
  tailProcessLog,
} from './logs.ts';
import {
  signalAllProcesses,
  signalProcess,
  signalProcessGroup,
  startAllProcesses,
  startProcess,
  startProcessGroup,
  stopAllProcesses,
  stopProcess,
  stopProcessGroup,
} from './orders.ts';
import { apiVersion, getState, sendProcessStdin, sendRemoteCommEvent, supervisorVersion } from './own.ts';
import { getAllProcessInfo, getProcessInfo } from './processes.ts';

type Name = keyof typeof help;
// biome-ignore lint/suspicious/noExplicitAny: each takes as many values as its row says
type Run = (session: Session, ...params: any[]) => Value | Promise<Value>;

interface Row {
  /** The least and the most arguments that it takes. */
  readonly least: number;
  readonly most: number;
  /** Set if it is also allowed while hostd is about to end, or to start anew. */
  readonly always?: true;
  readonly run: Run;
}

const row = (least: number, run: Run, most: number = least): Row => ({ least, most, run });
const readStdout = row(3, readProcessLog('stdout'));
const tailStdout = row(3, tailProcessLog('stdout'));
const clearLogs = row(1, clearProcessLogs);
const readMain = row(2, readMainLog);

const rows: Readonly<Record<Name, Row>> = {
  'supervisor.addProcessGroup': row(1, addProcessGroup),
  'supervisor.clearAllProcessLogs': row(0, clearAllProcessLogs),
  'supervisor.clearLog': row(0, clearMainLog),
  'supervisor.clearProcessLog': clearLogs,
  'supervisor.clearProcessLogs': clearLogs,
  'supervisor.getAPIVersion': row(0, () => apiVersion),
  'supervisor.getAllConfigInfo': row(0, getAllConfigInfo),
  'supervisor.getAllProcessInfo': row(0, getAllProcessInfo),
  'supervisor.getIdentification': row(0, session => session.about().identification),
  'supervisor.getPID': row(0, session => session.about().pid),
  'supervisor.getProcessInfo': row(1, getProcessInfo),
  'supervisor.getState': row(0, getState),
  'supervisor.getSupervisorVersion': row(0, () => supervisorVersion),
  'supervisor.getVersion': row(0, () => apiVersion),
  'supervisor.readLog': readMain,
  'supervisor.readMainLog': readMain,
  'supervisor.readProcessLog': readStdout,
  'supervisor.readProcessStderrLog': row(3, readProcessLog('stderr')),
  'supervisor.readProcessStdoutLog': readStdout,
  'supervisor.reloadConfig': row(0, reloadConfig),
  'supervisor.removeProcessGroup': row(1, removeProcessGroup),
  'supervisor.restart': row(0, session => session.ask('restart', {})),
  'supervisor.sendProcessStdin': row(2, sendProcessStdin),
  'supervisor.sendRemoteCommEvent': { ...row(2, sendRemoteCommEvent), always: true },
  'supervisor.shutdown': row(0, session => session.ask('shutdown', {})),
  'supervisor.signalAllProcesses': row(1, signalAllProcesses),
  'supervisor.signalProcess': row(2, signalProcess),
  'supervisor.signalProcessGroup': row(2, signalProcessGroup),
  'supervisor.startAllProcesses': row(0, startAllProcesses, 1),
  'supervisor.startProcess': row(1, startProcess, 2),
  'supervisor.startProcessGroup': row(1, startProcessGroup, 2),
  'supervisor.stopAllProcesses': row(0, stopAllProcesses, 1),
  'supervisor.stopProcess': row(1, stopProcess, 2),
  'supervisor.stopProcessGroup': row(1, stopProcessGroup, 2),
  'supervisor.tailProcessLog': tailStdout,
  'supervisor.tailProcessStderrLog': row(3, tailProcessLog('stderr')),
  'supervisor.tailProcessStdoutLog': tailStdout,
  'system.listMethods': { ...row(0, listMethods), always: true },
  'system.methodHelp': { ...row(1, (session, name: Value) => helpOf(session, name).text), always: true },
  'system.methodSignature': {
    ...row(1, (session, name: Value) => helpOf(session, name).signature),
    always: true,
  },
  'system.multicall': { ...row(1, multicall), always: true },
};

/** Calls a method. @throws RpcFault, Unforeseen */
export async function call(session: Session, method: string, params: readonly Value[]): Promise<Value> {
  const name = ownName(session, method);
  const found = name === null ? undefined : rows[name];
  if (found === undefined) throw new RpcFault('UNKNOWN_METHOD');
  if (params.length < found.least || params.length > found.most) throw unfit();
  if (found.always === undefined && session.about().mood < 1) throw new RpcFault('SHUTDOWN_STATE');
  try {
    return await found.run(session, ...params);
  } catch (error) {
    if (error instanceof RootFault) throw new RpcFault(error.fault, error.extra);
    throw error;
  }
}

/** The row's name of a method: Supervisor's own interface may have another name, several, or none. */
function ownName(session: Session, method: string): Name | null {
  const dot = method.indexOf('.');
  const space = method.slice(0, dot);
  const { interfaces = ['supervisor'] } = session.about();
  if (space !== 'system' && !interfaces.includes(space)) return null;
  const name = space === 'system' ? method : `supervisor${method.slice(dot)}`;
  return Object.hasOwn(rows, name) && dot >= 0 ? (name as Name) : null;
}

function listMethods(session: Session): string[] {
  const { interfaces = ['supervisor'] } = session.about();
  const own = Object.keys(help).filter(name => name.startsWith('supervisor.'));
  const system = Object.keys(help).filter(name => name.startsWith('system.'));
  const all = interfaces.flatMap(space => own.map(name => `${space}${name.slice('supervisor'.length)}`));
  return [...all, ...system].sort();
}

function helpOf(session: Session, method: Value): (typeof help)[Name] {
  const name = typeof method === 'string' ? ownName(session, method) : null;
  if (name === null) throw new RpcFault('SIGNATURE_UNSUPPORTED');
  return help[name];
}

/** Makes the calls one after the other. Its results are bare, as Supervisor's are, unlike in the specification. */
async function multicall(session: Session, calls: Value): Promise<Value> {
  if (typeof calls === 'string' && calls === '') return [];
  if (typeof calls === 'string')
    throw new Unforeseen('AttributeError', "'str' object has no attribute 'pop'");
  if (!Array.isArray(calls)) throw unfit();
  const results: Value[] = [];
  for (const one of calls as readonly Value[]) {
    if (!(one instanceof Map)) throw new Unforeseen('AttributeError', "object has no attribute 'get'");
    try {
      results.push(await callOne(session, one as ReadonlyMap<string, Value>));
    } catch (error) {
      if (error instanceof RpcFault) results.push(fault(error.code, error.text));
      else if (error instanceof Unforeseen)
        results.push(fault(30, `FAILED: <class '${error.type}'>:${error.message}`));
      else throw error;
    }
  }
  return results;
}

async function callOne(session: Session, one: ReadonlyMap<string, Value>): Promise<Value> {
  const name = one.get('methodName') ?? null;
  if (name === null) throw new RpcFault('INCORRECT_PARAMETERS', 'No methodName');
  if (name === 'system.multicall')
    throw new RpcFault('INCORRECT_PARAMETERS', 'Recursive system.multicall forbidden');
  if (typeof name !== 'string')
    throw new Unforeseen('AttributeError', `'${pythonType(name)}' object has no attribute 'split'`);
  return call(session, name, listOf(one.has('params') ? (one.get('params') ?? null) : []));
}

/** The arguments that Python's call(*value) passes. */
function listOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (value instanceof Map) return [...value.keys()];
  throw unfit();
}

function fault(code: number, text: string): Value {
  return new Map<string, Value>([
    ['faultCode', code],
    ['faultString', text],
  ]);
}
