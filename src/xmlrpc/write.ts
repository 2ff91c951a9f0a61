// XML-RPC texts, byte for byte as Python's xmlrpc.client.dumps writes them. Pure.

import { DateTime, Double, isStruct, pythonFloat, pythonType, type Value } from './values.ts';

const header = "<?xml version='1.0'?>\n";

/** Values that Python's marshaller refuses: None, and an integer of more than 32 bits. */
export class CannotMarshal extends Error {
  /** Python's exception. */
  readonly type: 'TypeError' | 'OverflowError';
  constructor(type: CannotMarshal['type'], message: string) {
    super(message);
    this.type = type;
  }
}

/** The body of a call. @throws CannotMarshal */
export function writeCall(method: string, params: readonly Value[]): string {
  return `${header}<methodCall>\n<methodName>${escapeText(method)}</methodName>\n${paramsOf(params)}</methodCall>\n`;
}

/** The body of an answer. @throws CannotMarshal */
export function writeAnswer(value: Value): string {
  return `${header}<methodResponse>\n${paramsOf([value])}</methodResponse>\n`;
}

/** The body of an answer that is a fault. */
export function writeFault(code: number, text: string): string {
  const fault = new Map<string, Value>([
    ['faultCode', code],
    ['faultString', text],
  ]);
  return `${header}<methodResponse>\n<fault>\n${write(fault)}</fault>\n</methodResponse>\n`;
}

function paramsOf(params: readonly Value[]): string {
  return `<params>\n${params.map(value => `<param>\n${write(value)}</param>\n`).join('')}</params>\n`;
}

function write(value: Value): string {
  if (value === null)
    throw new CannotMarshal('TypeError', 'cannot marshal None unless allow_none is enabled');
  if (typeof value === 'string') return `<value><string>${escapeText(value)}</string></value>\n`;
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>\n`;
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (value > 2147483647 || value < -2147483648)
      throw new CannotMarshal('OverflowError', 'int exceeds XML-RPC limits');
    return `<value><int>${value}</int></value>\n`;
  }
  if (value instanceof Double) return `<value><double>${pythonFloat(value.value)}</double></value>\n`;
  if (value instanceof DateTime) return `<value><dateTime.iso8601>${value.text}</dateTime.iso8601></value>\n`;
  if (isStruct(value)) {
    const members = [...value].map(
      ([name, member]) => `<member>\n<name>${escapeText(name)}</name>\n${write(member)}</member>\n`,
    );
    return `<value><struct>\n${members.join('')}</struct></value>\n`;
  }
  if (!Array.isArray(value))
    throw new CannotMarshal('TypeError', `cannot marshal ${pythonType(value)} objects`);
  return `<value><array><data>\n${value.map(write).join('')}</data></array></value>\n`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
