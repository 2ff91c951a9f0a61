// The table for people. Pure.

import { type Figures, type Measure, measures } from './peer.ts';

/** One column. */
export interface Result {
  readonly name: string;
  readonly version: string;
  readonly figures: Figures;
}

/** hostd's figures first. Each peer's figure has its multiple of hostd's beside it. */
export function table(results: readonly Result[]): string {
  const [own] = results;
  const header = ['', ...results.map(({ name }) => name), 'aim'];
  const rows = (Object.keys(measures) as Measure[]).map(measure => {
    const { title, unit, ...rest } = measures[measure];
    const cells = results.map(result =>
      cell(result.figures[measure], result === own ? undefined : own?.figures[measure]),
    );
    const aim = 'aim' in rest ? verdict(own?.figures[measure], rest.aim) : '';
    return [`${title} (${unit})`, ...cells, aim];
  });
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map(row => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return `${[header, ...rows].map(line).join('\n')}\n`;
}

function cell(value: number | undefined, own: number | undefined): string {
  if (value === undefined) return '-';
  const ratio = own === undefined || own === 0 ? '' : ` (x${figure(value / own)})`.padStart(10);
  return `${figure(value)}${ratio}`;
}

function verdict(value: number | undefined, aim: number): string {
  if (value === undefined) return `<= ${aim}`;
  return `<= ${aim} ${value <= aim ? 'met' : 'MISSED'}`;
}

/** Three digits: such measurements are no more exact. */
function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
