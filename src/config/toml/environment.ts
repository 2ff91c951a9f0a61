// Supervisor's environment string: KEY="value",KEY2=value2. hostd.toml has a table for it, and reads this form too.

export type Pairs =
  | { readonly ok: true; readonly pairs: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly reason: string };

/** Values may be in quotes, and must be if they contain a comma, a blank or a quote. A comma may end the list. */
export function parseEnvironment(text: string): Pairs {
  const pair = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*("(?:\\[\\"]|[^"])*"|'[^']*'|[^\s,"']*)\s*(,|$)/y;
  const pairs: Record<string, string> = {};
  let at = 0;
  while (text.slice(at).trim() !== '') {
    pair.lastIndex = at;
    const found = pair.exec(text);
    if (found === null) return { ok: false, reason: `${placeOf(pairs)} is not KEY="value"` };
    pairs[found[1] ?? ''] = unquote(found[2] ?? '');
    at = pair.lastIndex;
  }
  return { ok: true, pairs };
}

/** Where a mistake is, in words. The text itself may be a password. */
function placeOf(pairs: Readonly<Record<string, string>>): string {
  const last = Object.keys(pairs).at(-1);
  return last === undefined ? 'its beginning' : `what follows ${last}`;
}

function unquote(text: string): string {
  if (text.startsWith('"')) return text.slice(1, -1).replace(/\\([\\"])/g, '$1');
  return text.startsWith("'") ? text.slice(1, -1) : text;
}
