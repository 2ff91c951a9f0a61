// Names as people type them: "cat", "group:cat", "group:*". Pure.

/** `name` null: the whole group. */
export function splitName(text: string): { readonly group: string; readonly name: string | null } {
  const colon = text.indexOf(':');
  if (colon < 0) return { group: text, name: text };
  const name = text.slice(colon + 1);
  return { group: text.slice(0, colon), name: name === '' || name === '*' ? null : name };
}

export function joinName({ group, name }: { readonly group: string; readonly name: string }): string {
  return group === name ? name : `${group}:${name}`;
}

/** Python's order of texts: by code points. */
export function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
