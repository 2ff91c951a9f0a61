// One place for quoting, a function for each language that create writes. Pure.

/** One word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** A name in SQL. PostgreSQL keeps its case and all its characters. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL. E'' means the same with any standard_conforming_strings. */
export function sqlText(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A basic string of TOML 1.0. JSON's escapes are TOML's too. Only DEL must be escaped besides. */
export function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007F');
}

/** A bare or a quoted key of TOML. */
export function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlText(key);
}

/** A str literal of Python 3. JSON writes a lone surrogate as \uXXXX. Its other escapes mean the same in Python. */
export function pythonText(text: string): string {
  return JSON.stringify(text);
}
