// Networks as values: CIDR blocks and plain addresses, in one spelling each.

import { bad, type Decoded, good } from './decoded.ts';
import { ipv4, ipv6 } from './value-hosts.ts';

/** "10.1.2.3/8" is read as "10.0.0.0/8", as nginx reads it, and "::1" as "::1/128". */
export function network(value: unknown): Decoded<string> {
  const example = '"10.0.0.0/8"';
  if (typeof value !== 'string') return bad('it must be a text', example);
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const isFour = !address.includes(':');
  const plain = !/^[\d.]+$|^[\da-f:.]+$/i.test(address) ? null : isFour ? dotted(address) : ipv6(address);
  if (plain === null) return bad('it is no address and no CIDR block', example);
  const width = isFour ? 32 : 128;
  const bits = prefix === undefined ? width : Number(prefix);
  return bits > width
    ? bad(`a prefix is at most ${width} bits long`, `"${plain}/${width}"`)
    : good(`${masked(plain, bits, isFour)}/${bits}`);
}

function dotted(address: string): string | null {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? ipv4(address) : null;
}

function masked(address: string, bits: number, isFour: boolean): string {
  const [radix, size, mark] = isFour ? ([10, 8, '.'] as const) : ([16, 16, ':'] as const);
  const parts = (isFour ? address.split('.') : groupsOf(address)).map((part, index) => {
    const kept = Math.min(size, Math.max(0, bits - index * size));
    return (Number.parseInt(part, radix) & (~0 << (size - kept)) & (2 ** size - 1)).toString(radix);
  });
  return isFour ? parts.join(mark) : (ipv6(parts.join(mark)) ?? address);
}

/** All eight groups of an address that may have "::". */
function groupsOf(address: string): readonly string[] {
  const [before = '', after] = address.split('::');
  const list = (text: string) => (text === '' ? [] : text.split(':'));
  if (after === undefined) return list(before);
  const zeros = 8 - list(before).length - list(after).length;
  return [...list(before), ...Array<string>(zeros).fill('0'), ...list(after)];
}
