// Compose puts variables into values: "$" is "$$" in a text (Compose specification, "Interpolation"). Keys are taken as they are. Pure.

/** A value that Compose is to put in, when the file is used. */
export class Reference {
  readonly text: string;

  /** `fallback` null: without the variable, Compose refuses the file, with `reason`. `around`: what stands before and behind it. */
  constructor(variable: string, fallback: string | null, reason = '', [before, behind] = ['', '']) {
    const rule = fallback === null ? `:?${reason.replace(/[{}$\n]/g, ' ')}` : `:-${fallback}`;
    this.text = `${before}\${${variable}${rule}}${behind}`;
  }
}

/** The value with "$" doubled in all its texts. An object of `shared` stays one object, wherever it is; any other becomes a copy. */
export function escapeTree(
  value: unknown,
  shared: ReadonlySet<unknown>,
  known = new Map<unknown, unknown>(),
): unknown {
  if (value instanceof Reference) return value.text;
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (typeof value !== 'object' || value === null) return value;
  if (known.has(value)) return known.get(value);
  const inner = (entry: unknown) => escapeTree(entry, shared, known);
  const escaped = Array.isArray(value)
    ? value.map(inner)
    : Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inner(entry)]));
  if (shared.has(value)) known.set(value, escaped);
  return escaped;
}
