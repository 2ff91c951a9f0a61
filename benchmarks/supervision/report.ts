// The table for people. Pure.

import { columns, threeDigits } from '../columns.ts';
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
  return columns([header, ...rows]);
}

function cell(value: number | undefined, own: number | undefined): string {
  if (value === undefined) return '-';
  const ratio = own === undefined || own === 0 ? '' : ` (x${threeDigits(value / own)})`.padStart(10);
  return `${threeDigits(value)}${ratio}`;
}

function verdict(value: number | undefined, aim: number): string {
  if (value === undefined) return `<= ${aim}`;
  return `<= ${aim} ${value <= aim ? 'met' : 'MISSED'}`;
}
