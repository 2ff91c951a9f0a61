// The values of XML-RPC, and how Python writes them in the texts of Supervisor's faults. Pure.

import { repr } from '../words/python.ts';

/** Python's integers have no bounds. Beyond what a number can hold exactly it is a bigint. */
export type Value = null | boolean | number | bigint | string | Double | DateTime | readonly Value[] | Struct;

/** Members in order. */
export type Struct = ReadonlyMap<string, Value>;

/** A <double>; a number is an <int>. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Such as 20261128T02:14:04. */
export class DateTime {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export function isStruct(value: Value): value is Struct {
  return value instanceof Map;
}

/** Python's str(). */
export function pythonStr(value: Value): string {
  if (value instanceof DateTime) return value.text.replace(/^(\d{4})(\d\d)(\d\d)T/, '$1-$2-$3 ');
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** Python's repr(). */
export function pythonRepr(value: Value): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return repr(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Double) return pythonFloat(value.value);
  if (value instanceof DateTime) return `datetime.datetime(${dateParts(value).join(', ')})`;
  if (isStruct(value)) return `{${[...value].map(([k, v]) => `${repr(k)}: ${pythonRepr(v)}`).join(', ')}}`;
  return `[${value.map(pythonRepr).join(', ')}]`;
}

/** The name of a value's type in Python. */
export function pythonType(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (value instanceof Double) return 'float';
  if (value instanceof DateTime) return 'datetime.datetime';
  return isStruct(value) ? 'dict' : 'list';
}

/** Whether Python takes the value for true. */
export function isTrue(value: Value): boolean {
  if (value === null || value instanceof DateTime) return value !== null;
  if (value instanceof Double) return value.value !== 0;
  if (isStruct(value)) return value.size > 0;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Python's repr of a float: the shortest digits that give the number, with an exponent from 1e16 on and below 1e-4. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4))
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(value) ? `${BigInt(value)}.0` : String(value);
}

function dateParts({ text }: DateTime): number[] {
  const parts = [0, 4, 6, 9, 12, 15].map((at, i) => Number(text.slice(at, at + (i === 0 ? 4 : 2))));
  return parts.at(-1) === 0 ? parts.slice(0, -1) : parts;
}
