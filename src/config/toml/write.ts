// Writes definitions as TOML for people to read and keep: tables in their order, comments above. Knows no key's meaning.

export type TomlValue = string | number | boolean | readonly TomlValue[] | TomlTable;
export interface TomlTable {
  readonly [key: string]: TomlValue;
}

export interface Definition {
  /** ["app", "hello"]. */
  readonly path: readonly string[];
  readonly comments: readonly string[];
  readonly table: TomlTable;
  /** Comments below the keys. */
  readonly remarks: readonly string[];
}

export function writeDefinitions(definitions: readonly Definition[]): string {
  return definitions
    .map(({ path, comments, table, remarks }) => {
      const keys = Object.entries(table);
      const width = Math.min(24, Math.max(0, ...keys.map(([key]) => keyText(key).length)));
      return [
        ...comments.map(comment),
        ...(path.length === 0 ? [] : [`[${path.map(keyText).join('.')}]`]),
        ...keys.map(([key, value]) => `${keyText(key).padEnd(width)} = ${valueText(value)}`),
        ...remarks.map(comment),
      ]
        .map(line => `${line}\n`)
        .join('');
    })
    .join('\n');
}

/** A comment without control characters, which TOML allows nowhere. */
function comment(text: string): string {
  return `# ${[...text].map(char => (char < ' ' || char === '\x7f' ? ' ' : char)).join('')}`.trimEnd();
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : stringText(key);
}

function valueText(value: TomlValue): string {
  if (typeof value === 'string') return stringText(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(valueText).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, entry]) => `${keyText(key)} = ${valueText(entry)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function isList(value: readonly TomlValue[] | TomlTable): value is readonly TomlValue[] {
  return Array.isArray(value);
}

/** A TOML string, which is JSON's but for DEL. */
function stringText(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007F');
}
