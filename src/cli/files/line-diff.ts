// The difference of two texts, line by line, as diff -u prints it. Pure.

type Edit = { readonly kind: ' ' | '-' | '+'; readonly line: string };

/** Comparing each line with each takes memory. Longer texts are no small change. */
const mostPairs = 4_000_000;

/** "" when the texts are the same. Has three lines around a change. Of very long texts it tells only the numbers of lines. */
export function lineDiff(before: string, after: string, name: string): string {
  if (before === after) return '';
  const [present, wanted] = [linesOf(before), linesOf(after)];
  if (present.length * wanted.length > mostPairs)
    return `--- ${name}\n+++ ${name} (wanted)\n@@ ${present.length} lines, wanted: ${wanted.length} @@\n`;
  const edits = editsOf(present, wanted);
  const near = edits.map((_, index) =>
    edits.slice(Math.max(0, index - 3), index + 4).some(edit => edit.kind !== ' '),
  );
  const out = [`--- ${name}`, `+++ ${name} (wanted)`];
  let [old, fresh] = [1, 1];
  edits.forEach((edit, index) => {
    if (near[index] === true) {
      if (near[index - 1] !== true) out.push(hunk(edits, near, index, old, fresh));
      out.push(`${edit.kind}${edit.line}`);
    }
    if (edit.kind !== '+') old++;
    if (edit.kind !== '-') fresh++;
  });
  return `${out.join('\n')}\n`;
}

function hunk(
  edits: readonly Edit[],
  near: readonly boolean[],
  from: number,
  old: number,
  fresh: number,
): string {
  const end = near.indexOf(false, from);
  const inside = edits.slice(from, end < 0 ? undefined : end);
  const count = (kind: '-' | '+') => inside.filter(edit => edit.kind === ' ' || edit.kind === kind).length;
  const start = (line: number, lines: number) => `${lines === 0 ? line - 1 : line},${lines}`;
  return `@@ -${start(old, count('-'))} +${start(fresh, count('+'))} @@`;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** By the longest common subsequence. */
function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const lengths = before.map(() => new Array<number>(after.length + 1).fill(0));
  const at = (row: number, column: number) => lengths[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--) {
      const length =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
      (lengths[row] ?? [])[column] = length;
    }
  const edits: Edit[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, fresh] = [before[row], after[column]];
    if (old !== undefined && old === fresh) {
      edits.push({ kind: ' ', line: old });
      row++;
      column++;
    } else if (old !== undefined && (fresh === undefined || at(row + 1, column) >= at(row, column + 1))) {
      edits.push({ kind: '-', line: old });
      row++;
    } else {
      edits.push({ kind: '+', line: fresh ?? '' });
      column++;
    }
  }
  return edits;
}
