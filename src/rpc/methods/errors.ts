// How a method ends without a result: with one of Supervisor's faults, or with an exception that Supervisor has no fault for. Pure.

import { type FaultName, faultCodes } from '../../protocol/rpc.ts';
import { int, PythonError } from '../../words/python.ts';
import { pythonStr, pythonType, type Value } from '../../xmlrpc/values.ts';

/** A fault as clients see it. */
export class RpcFault extends Error {
  readonly code: number;
  readonly text: string;
  /** `extra` null: only the name. */
  constructor(name: FaultName, extra: Value = null) {
    const text = extra === null ? name : `${name}: ${pythonStr(extra)}`;
    super(text);
    this.code = faultCodes[name];
    this.text = text;
  }
}

/** An exception that Supervisor answers with HTTP's 500, and in a multicall with these words. */
export class Unforeseen extends Error {
  /** Python's class and message. */
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** The fault for unsuitable arguments, which in Supervisor is any TypeError. */
export function unfit(): RpcFault {
  return new RpcFault('INCORRECT_PARAMETERS');
}

/** The value as a text. @throws Unforeseen */
export function textOf(value: Value, method: string): string {
  if (typeof value === 'string') return value;
  throw new Unforeseen('AttributeError', `'${pythonType(value)}' object has no attribute '${method}'`);
}

/** The value as a key of a Python dictionary. A value without a hash fits nowhere. @throws RpcFault */
export function keyOf(value: Value): Value {
  if (Array.isArray(value) || value instanceof Map) throw unfit();
  return value;
}

/** Python's int(). @throws RpcFault for an unsuitable type, Unforeseen for a text that is no number */
export function integerOf(value: Value): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    try {
      return int(value);
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      throw new Unforeseen('ValueError', error.python);
    }
  }
  if (value !== null && 'value' in value) return Math.trunc((value as { value: number }).value);
  throw unfit();
}
