// Finds what stands between Supervisor's tokens in a program's output, wherever the pieces of it begin and end
// (supervisor/dispatchers.py, record_output). Pure.

export const beginToken = Buffer.from('<!--XSUPERVISOR:BEGIN-->');
export const endToken = Buffer.from('<!--XSUPERVISOR:END-->');

export type Piece =
  /** Output. `inside`: it was between the tokens, so it does not go to the log. */
  | { readonly kind: 'output'; readonly data: Buffer; readonly inside: boolean }
  /** The end token has come. */
  | { readonly kind: 'captured'; readonly data: Buffer };

export interface Capture {
  feed(data: Buffer): Piece[];
  /** No more will come. Returns what was held back because it might have been the beginning of a token. */
  end(): Piece[];
}

/** Keeps up to `most` bytes of what is inside. `clean` is applied to output before it is kept. */
export function makeCapture(most: number, clean: (data: Buffer) => Buffer): Capture {
  let held: Buffer = Buffer.alloc(0);
  let captured: Buffer = Buffer.alloc(0);
  let inside = false;

  const output = (data: Buffer): Piece[] => {
    if (data.length === 0) return [];
    const cleaned = clean(data);
    if (inside) captured = keep(captured, cleaned, most);
    return [{ kind: 'output', data: cleaned, inside }];
  };
  const toggle = (): Piece[] => {
    inside = !inside;
    const data = captured;
    captured = Buffer.alloc(0);
    return inside ? [] : [{ kind: 'captured', data }];
  };
  return {
    feed(data) {
      const pieces: Piece[] = [];
      held = Buffer.concat([held, data]);
      for (;;) {
        const token = inside ? endToken : beginToken;
        if (held.length <= token.length) return pieces;
        const at = held.indexOf(token);
        if (at < 0) {
          const rest = prefixAtEnd(held, token);
          pieces.push(...output(held.subarray(0, held.length - rest)));
          held = held.subarray(held.length - rest);
          return pieces;
        }
        pieces.push(...output(held.subarray(0, at)), ...toggle());
        held = held.subarray(at + token.length);
      }
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      const token = inside ? endToken : beginToken;
      return rest.equals(token) ? toggle() : output(rest);
    },
  };
}

/** Supervisor's bound: where both together are too much, the front loses as many bytes as come. */
function keep(before: Buffer, data: Buffer, most: number): Buffer {
  const kept = before.length + data.length > most ? before.subarray(data.length) : before;
  return Buffer.concat([kept, data]);
}

/** How many bytes at the end are the beginning of the token. */
function prefixAtEnd(data: Buffer, token: Buffer): number {
  let length = token.length - 1;
  while (length > 0 && !data.subarray(data.length - length).equals(token.subarray(0, length))) length -= 1;
  return length;
}
