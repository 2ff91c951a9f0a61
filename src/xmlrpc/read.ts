// XML-RPC texts to values, exactly as loosely and as strictly as Supervisor reads them: an unknown element is ignored, and a malformed
// value makes the whole text unreadable. A document's own entities are refused, and depth is bounded. Pure.

import { SaxesParser } from 'saxes';
import { float, latinDigits } from '../words/python.ts';
import { DateTime, Double, isStruct, type Value } from './values.ts';

export interface Call {
  /** null: the text names no method. */
  readonly method: string | null;
  readonly params: readonly Value[];
}

/** What an answer holds. */
export type Answer =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'fault'; readonly code: number; readonly text: string };

/** Elements within each other. */
const deepest = 500;

interface Element {
  readonly tag: string;
  /** The text before the first child, then the value that has been made of it. */
  value: Value;
  children: Element[];
}

interface Document {
  method: Value;
  params: readonly Value[] | null;
  fault: Value;
}

/** @throws Error for a text that Supervisor answers with 400 */
export function readCall(text: string): Call {
  const { method, params } = read(text);
  return { method: typeof method === 'string' && method !== '' ? method : null, params: params ?? [] };
}

/** @throws Error for a text that is no answer */
export function readAnswer(text: string): Answer {
  const { params, fault } = read(text);
  if (fault !== null && isStruct(fault)) {
    const code = fault.get('faultCode');
    const words = fault.get('faultString');
    if (typeof code === 'number' && typeof words === 'string') return { kind: 'fault', code, text: words };
  }
  const [value] = params ?? [];
  if (value === undefined) throw new Error('no answer in it');
  return { kind: 'value', value };
}

function read(text: string): Document {
  const found: Document = { method: null, params: null, fault: null };
  const open: Element[] = [];
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', ({ local, uri }) => {
    if (open.length >= deepest) throw new Error('too deep');
    const element: Element = { tag: uri === '' ? local : `{${uri}}${local}`, value: null, children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  const addText = (more: string) => {
    const element = open.at(-1);
    if (element !== undefined && element.children.length === 0)
      element.value = `${(element.value as string | null) ?? ''}${more}`;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    if (element !== undefined) finish(element, found);
  });
  parser.write(text).close();
  return found;
}

function finish(element: Element, found: Document): void {
  const { tag, value, children } = element;
  const make = Object.hasOwn(makers, tag) ? makers[tag] : undefined;
  if (make !== undefined) {
    element.value = make(value as string | null, children);
    element.children = [];
  } else if (tag === 'methodName') found.method = value;
  else if (tag === 'params') found.params = children.map(child => child.value);
  else if (tag === 'fault') found.fault = first(children);
}

type Make = (text: string | null, children: readonly Element[]) => Value;

const makers: Readonly<Record<string, Make>> = {
  int: toInt,
  i4: toInt,
  boolean: text => text === '1',
  string: text => text ?? '',
  double: text => {
    const value = float(text ?? '');
    if (value === null) throw new Error('no float');
    return new Double(value);
  },
  'dateTime.iso8601': toTime,
  array: (_, children) => first(children),
  data: (_, children) => children.map(child => child.value),
  struct: (_, members) =>
    new Map(
      members.map(({ children: [name, value, more] }): [string, Value] => {
        if (name === undefined || value === undefined || more !== undefined) throw new Error('no member');
        if (name.value !== null && typeof name.value !== 'string') throw new Error('no name');
        return [name.value ?? '', value.value];
      }),
    ),
  base64: text => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodeBase64(text ?? '')),
  param: (_, children) => first(children),
  value: (text, children) => (children.length === 0 ? (text ?? '') : first(children)),
};

function first(children: readonly Element[]): Value {
  const [child] = children;
  if (child === undefined) throw new Error('nothing in it');
  return child.value;
}

/** What Python's strptime() makes of %Y%m%dT%H:%M:%S: digits may be lacking, but no day of the calendar. */
function toTime(text: string | null): Value {
  const form =
    /^(\d{4})(1[0-2]|0?[1-9])(3[01]|[12]\d|0?[1-9]| [1-9])T(2[0-3]|[01]\d|\d):([0-5]\d|\d):(6[01]|[0-5]\d|\d)$/i;
  const [, ...parts] = form.exec(text ?? '') ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const last = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (year === 0 || day > last || second > 59) throw new Error('no time');
  const pad = (part: number) => String(part).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}${pad(month)}${pad(day)}`;
  return new DateTime(`${date}T${pad(hour)}:${pad(minute)}:${pad(second)}`);
}

/** The integer that Python's int() reads. */
function toInt(text: string | null): Value {
  const digits = /^\s*([+-]?\d+(?:_\d+)*)\s*$/.exec(latinDigits(text ?? ''))?.[1];
  // A client chose the text. A number of a million digits would take long to compute.
  if (digits === undefined || digits.length > 4300) throw new Error('no integer');
  const value = BigInt(digits.replaceAll('_', '').replace('+', ''));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Python's binascii.a2b_base64: characters that are not of the alphabet are skipped. @throws Error for missing padding */
export function decodeBase64(text: string): Buffer {
  const characters = text.replaceAll(/[^A-Za-z0-9+/=]/g, '');
  let data = '';
  for (let i = 0, pads = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character !== '=') {
      data += character;
      pads = 0;
      continue;
    }
    pads++;
    if (data.length % 4 >= 2 && (data.length % 4) + pads >= 4) return Buffer.from(data, 'base64');
  }
  if (data.length % 4 !== 0) throw new Error('incorrect padding');
  return Buffer.from(data, 'base64');
}
