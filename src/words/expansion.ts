// Supervisor's %-expansions: Python's % formatting with names, of which %(name)s and %(name)02d are what people write.

export type Names = Readonly<Record<string, string | number>>;

export type Expanded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** %% is a percent sign. Any other % must begin %(name)s or, for a number, %(name)d with Python's flags and width. */
export function expand(text: string, names: Names): Expanded {
  const pattern = /%(?:(%)|\(([^)]*)\)([-0]*)(\d*)(?:\.(\d+))?([sdi]))?/g;
  let reason: string | null = null;
  const out = text.replace(pattern, (all, percent, name, flags, width, precision, kind) => {
    if (percent === '%') return '%';
    if (name === undefined) {
      reason ??= 'a "%" stands alone (write "%%" for a percent sign)';
      return all;
    }
    const value = Object.hasOwn(names, name) ? names[name] : undefined;
    if (value === undefined) {
      reason ??= `"%(${name})s" is not known here (known: ${knownNames(names)})`;
      return all;
    }
    if (kind !== 's' && typeof value !== 'number') {
      reason ??= `"${all}" wants a number, and ${name} is text`;
      return all;
    }
    return pad(kind === 's' ? cut(String(value), precision) : String(value), flags, Number(width || 0), kind);
  });
  return reason === null ? { ok: true, text: out } : { ok: false, reason };
}

function cut(text: string, precision: string | undefined): string {
  return precision === undefined ? text : text.slice(0, Number(precision));
}

function pad(text: string, flags: string, width: number, kind: string): string {
  const wide = Math.min(width, 255);
  if (flags.includes('-')) return text.padEnd(wide);
  return text.padStart(wide, flags.includes('0') && kind !== 's' ? '0' : ' ');
}

function knownNames(names: Names): string {
  const all = Object.keys(names);
  const plain = all.filter(name => !name.startsWith('ENV_'));
  return [...plain, ...(all.length > plain.length ? ['ENV_...'] : [])].join(', ');
}
