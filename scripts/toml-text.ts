// Writes plain tables as TOML, for configuration files that scripts and tests make.

export type TomlValue =
  | string
  | number
  | boolean
  | readonly TomlValue[]
  | { readonly [key: string]: TomlValue };
export type TomlTable = { readonly [key: string]: TomlValue };

/** Entries that are `undefined` are left out. Keys that need quotes get them. */
export function tomlText(table: TomlTable, path: readonly string[] = []): string {
  const entries = Object.entries(table);
  const values = entries
    .filter(([, value]) => !isTable(value))
    .map(([k, v]) => `${key(k)} = ${literal(v)}\n`);
  const tables = entries.flatMap(([k, v]) => (isTable(v) ? [tomlText(v, [...path, k])] : []));
  const header = path.length > 0 && (values.length > 0 || tables.length === 0);
  return [header ? `[${path.map(key).join('.')}]\n` : '', ...values, '\n', ...tables].join('');
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value);
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

/** JSON's strings, numbers, booleans and arrays are TOML's too. */
function literal(value: TomlValue): string {
  return Array.isArray(value) ? `[${value.map(literal).join(', ')}]` : JSON.stringify(value);
}
