// The keys of hostd dev's terminal, and what they mean. Pure: bytes in, orders out.

export type Order =
  | { readonly kind: 'help' | 'list' | 'restart' | 'stop' | 'attach' | 'all' | 'quit' | 'clear' }
  /** Look at one app only. Counted from 1. */
  | { readonly kind: 'focus'; readonly number: number };

/** Ctrl-], as in telnet: leaves the attached app. */
const detachByte = 0x1d;

const orders: Readonly<Record<string, Order['kind']>> = {
  h: 'help',
  '?': 'help',
  l: 'list',
  r: 'restart',
  s: 'stop',
  a: 'attach',
  '\r': 'attach',
  '0': 'all',
  '\x1b': 'all',
  q: 'quit',
  '\x03': 'quit',
  c: 'clear',
};

/** The orders in one chunk of input. Keys that send a sequence (arrows) mean nothing. */
export function ordersOf(input: string): Order[] {
  if (input.length > 1 && input.startsWith('\x1b')) return [];
  return [...input].flatMap((key): Order[] => {
    if (/^[1-9]$/.test(key)) return [{ kind: 'focus', number: Number(key) }];
    const kind = Object.hasOwn(orders, key.toLowerCase()) ? orders[key.toLowerCase()] : undefined;
    return kind === undefined || kind === 'focus' ? [] : [{ kind }];
  });
}

/** Input for an attached program, up to the byte that detaches. */
export function untilDetach(bytes: Buffer): { readonly typed: Buffer; readonly detached: boolean } {
  const at = bytes.indexOf(detachByte);
  return at === -1 ? { typed: bytes, detached: false } : { typed: bytes.subarray(0, at), detached: true };
}

export const keyHelp = `1-9  look at one app alone      0  all apps again
r    restart                    s  stop, or start again
a    attach: type into it       Ctrl-]  detach
l    list the apps              c  clear the screen
q    stop everything and leave (Ctrl-C too)`;
