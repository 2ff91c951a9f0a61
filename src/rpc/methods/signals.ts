// Signals as Supervisor reads them: a number, or a name with or without SIG. Pure.

import { constants } from 'node:os';
import { isStruct, pythonType, type Value } from '../../xmlrpc/values.ts';
import { Unforeseen } from './errors.ts';

/** More names of Python's signal module: the bounds of the real-time signals, and other names that begin with SIG. */
const others: Readonly<Record<string, number>> = {
  SIGCLD: 17,
  SIGRTMIN: 34,
  SIGRTMAX: 64,
  SIG_DFL: 0,
  SIG_IGN: 1,
  SIG_BLOCK: 0,
  SIG_UNBLOCK: 1,
  SIG_SETMASK: 2,
};

const byName: ReadonlyMap<string, number> = new Map([
  ...Object.entries(constants.signals),
  ...Object.entries(others),
]);
const numbers: ReadonlySet<number> = new Set(byName.values());

/** null: there is no such signal. @throws Unforeseen for a value of a wrong type */
export function signalNumber(value: Value): number | null {
  const number = numberOf(value);
  return number !== null && numbers.has(number) ? number : null;
}

/** int(value) */
function truncated(value: number): number {
  if (Number.isNaN(value)) throw new Unforeseen('AttributeError', "'float' object has no attribute 'strip'");
  if (!Number.isFinite(value))
    throw new Unforeseen('OverflowError', 'cannot convert float infinity to integer');
  return Math.trunc(value);
}

function numberOf(value: Value): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return null;
  if (typeof value === 'string') {
    if (/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return Number(value.replaceAll('_', ''));
    const name = value.trim().toUpperCase();
    return byName.get(name.startsWith('SIG') ? name : `SIG${name}`) ?? null;
  }
  if (value !== null && !isStruct(value) && 'value' in value)
    return truncated((value as { value: number }).value);
  throw new Unforeseen('AttributeError', `'${pythonType(value)}' object has no attribute 'strip'`);
}
