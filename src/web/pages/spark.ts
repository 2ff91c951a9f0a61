// A line of the last minutes, drawn as SVG by the server. Pure.

import { type Html, html } from './html.ts';

const [width, height] = [120, 24] as const;
/** Points of one line: more would not be seen, and make the page large. */
const most = 40;

export interface Spark {
  /** What it shows: "requests a second". */
  readonly what: string;
  /** The oldest first; null: not known. */
  readonly values: readonly (number | null)[];
  readonly write: (value: number) => string;
  /** Milliseconds from one value to the next. */
  readonly intervalMs: number;
}

/** null: there is nothing to draw yet. The line says in words what it shows, for those who do not see it. */
export function spark({ what, values, write, intervalMs }: Spark): Html | null {
  const known = values.filter(value => value !== null);
  if (known.length < 2) return null;
  const top = Math.max(...known);
  const step = Math.max(1, Math.ceil(values.length / most));
  const drawn = Array.from({ length: Math.ceil(values.length / step) }, (_, i) =>
    mean(values.slice(i * step, (i + 1) * step)),
  );
  const x = (index: number) => Math.round((index * width) / Math.max(1, drawn.length - 1));
  const y = (value: number) => Math.round(height - 1 - (top === 0 ? 0 : (value / top) * (height - 2)));
  const lines: string[] = [];
  let open = false;
  drawn.forEach((value, index) => {
    if (value !== null) lines.push(`${open ? 'L' : 'M'}${x(index)} ${y(value)}`);
    open = value !== null;
  });
  const minutes = Math.max(1, Math.round((values.length * intervalMs) / 60_000));
  const said = `${what}: now ${write(known.at(-1) ?? 0)}, at most ${write(top)} in the last ${minutes} min`;
  return html`<svg class="spark" viewBox="0 0 ${width} ${height}" role="img" aria-label="${said}"><title>${said}</title><path d="${lines.join('')}"/></svg>`;
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
