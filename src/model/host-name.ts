// What a host name is: the one judgement on every name that a stranger sends (Host, an absolute target, SNI) or that is configured,
// before it becomes a key, a file's name, an argument, a line of a configuration or of a log, or HTML. Pure.

/** Bytes of a name in text, without a trailing dot (RFC 1035 section 3.1, as text). */
const longest = 253;

/** RFC 1123 section 2.1, and the underscore, which no host name may have, but names in use do have. A name never begins with "-",
 *  so that no program can take it for an option. */
const labels = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,63})*$/;

/** The name in lower case and without its trailing dot; null: it is no host name. */
export function admitHostName(text: string): string | null {
  if (text.length > longest + 1) return null;
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return name.length <= longest && labels.test(name) ? name.toLowerCase() : null;
}
