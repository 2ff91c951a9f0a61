// gunicorn's own configuration file, which is Python. Its plain values are read. It is never run.

export interface Configuration {
  /** Settings with plain values; null: the setting has a value that only Python knows. */
  readonly settings: ReadonlyMap<string, string | number | boolean | readonly string[] | null>;
}

export function readConfiguration(text: string): Configuration {
  const settings = new Map<string, string | number | boolean | readonly string[] | null>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, name, written = ''] = /^([a-z_]+)\s*=(?!=)\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) settings.set(name, literal(written.trim()));
    // A setting in a branch has an unknown value.
    const inner = /^\s+([a-z_]+)\s*=(?!=)/.exec(line)?.[1];
    if (inner !== undefined) settings.set(inner, null);
  }
  return { settings };
}

function literal(written: string): string | number | boolean | readonly string[] | null {
  const plain = written.replace(/\s+#.*$/, '');
  if (/^\d+$/.test(plain)) return Number(plain);
  if (plain === 'True' || plain === 'False') return plain === 'True';
  const text = textOf(plain);
  if (text !== null) return text;
  const items = /^[[(](.*?),?\s*[\])]$/.exec(plain)?.[1]?.split(/,\s*/).map(textOf);
  if (items === undefined) return null;
  const known = items.filter(item => item !== null);
  return known.length === items.length ? known : null;
}

function textOf(written: string): string | null {
  return (
    /^(?:"([^"\\]*)"|'([^'\\]*)')$/
      .exec(written.trim())
      ?.slice(1)
      .find(part => part !== undefined) ?? null
  );
}

/** The addresses that it binds to, as on the command line. */
export function bindsOf({ settings }: Configuration): readonly string[] {
  const bind = settings.get('bind');
  if (typeof bind === 'string') return bind.split(',').map(part => part.trim());
  return Array.isArray(bind) ? bind : [];
}

export function textSetting({ settings }: Configuration, name: string): string | null {
  const value = settings.get(name);
  return typeof value === 'string' && value !== '' ? value : null;
}
