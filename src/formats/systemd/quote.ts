// How values are written in systemd's units (systemd.syntax(7), systemd.service(5)).

/** One word of ExecStart=: "%" and "$" doubled, C escapes within double quotes. */
export function quoteExec(word: string): string {
  const escaped = escapePercent(word).replaceAll('$', '$$$$');
  return /^[^\s"'\\;]+$/.test(escaped) ? escaped : `"${escapeC(escaped)}"`;
}

/** One assignment of Environment=, in which "$" has no meaning. */
export function quoteAssignment(name: string, value: string): string {
  return `"${escapeC(escapePercent(`${name}=${value}`))}"`;
}

/** A value in the file of EnvironmentFile= (systemd.exec(5)): quotes as in a shell, lines too, and no "%". */
export function quoteVariable(value: string): string {
  return `"${value.replace(/["\\`$]/g, '\\$&')}"`;
}

/** A path or a text that takes the rest of its line. */
export function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

function escapeC(text: string): string {
  return text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
}
