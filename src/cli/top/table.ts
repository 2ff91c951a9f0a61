// Columns as wide as what they hold. The first takes what is left, and is cut where that is too little. Pure.

export interface Column {
  readonly title: string;
  /** On the left: words. On the right: numbers. */
  readonly isWord?: boolean;
  /** Characters, at least. */
  readonly width: number;
}

/** The title line and a line for each row of cells, all of `width` characters where the columns can be made so. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): { readonly title: string; readonly lines: readonly string[] } {
  const [, ...others] = columns;
  const widths = others.map(({ title, width: least }, index) =>
    Math.max(least, title.length, ...rows.map(row => row[index + 1]?.length ?? 0)),
  );
  const rest = widths.reduce((sum, one) => sum + one + 1, 0);
  const longest = Math.max(columns[0]?.title.length ?? 0, ...rows.map(row => row[0]?.length ?? 0));
  const first = Math.max(4, Math.min(longest, width - rest));
  const all = [first, ...widths];
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => fit(cell, all[index] ?? 0, index === 0 || columns[index]?.isWord === true))
      .join(' ')
      .trimEnd();
  return { title: line(columns.map(({ title }) => title)), lines: rows.map(line) };
}

function fit(text: string, width: number, isWord: boolean): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}~` : text;
  return isWord ? cut.padEnd(width) : cut.padStart(width);
}
