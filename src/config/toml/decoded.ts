// The result of reading one value, and the plain values that the others are made of.

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  /** `example`: a good value, as TOML. */
  | { readonly ok: false; readonly reason: string; readonly example: string };

export type Decoder<T> = (value: unknown) => Decoded<T>;

export function good<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

export function bad(reason: string, example: string): Decoded<never> {
  return { ok: false, reason, example };
}

export function text(value: unknown, example: string): Decoded<string> {
  if (typeof value !== 'string')
    return bad('it must be a text', typeof value === 'number' ? `"${value}"` : example);
  if (value.trim() === '') return bad('it is empty', example);
  return hasControl(value) ? bad('it has a control character', example) : good(value);
}

export function hasControl(value: string): boolean {
  return [...value].some(char => char < ' ' || char === '\x7f');
}

export function matching(value: unknown, pattern: RegExp, reason: string, example: string): Decoded<string> {
  const read = text(value, example);
  return read.ok && !pattern.test(read.value) ? bad(reason, example) : read;
}

export function whole(value: unknown, least: number): Decoded<number> {
  if (Number.isSafeInteger(value) && (value as number) >= least) return good(value as number);
  return bad(
    least < 0 ? 'it must be a whole number' : `it must be a whole number, ${least} or more`,
    typeof value === 'string' && /^\d+$/.test(value) ? value : '3',
  );
}

export function list<T>(value: unknown, item: Decoder<T>, example: string): Decoded<readonly T[]> {
  if (typeof value === 'string') {
    const names = value.split(/[\s,]+/).filter(name => name !== '');
    return bad('it must be a list', `[${names.map(name => JSON.stringify(name)).join(', ')}]`);
  }
  if (!Array.isArray(value)) return bad('it must be a list', example);
  const out: T[] = [];
  for (const entry of value) {
    const read = item(entry);
    if (!read.ok) return bad(`${showValue(entry)}: ${read.reason}`, example);
    out.push(read.value);
  }
  return good(out);
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A value as TOML would write it, short enough for a message. */
export function showValue(value: unknown): string {
  if (isTable(value)) return 'a table';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'a date' : value.toISOString();
  const full = Array.isArray(value) ? `[${value.map(showValue).join(', ')}]` : JSON.stringify(value);
  return full.length > 60 ? `${full.slice(0, 57)}...` : full;
}
