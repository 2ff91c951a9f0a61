// The table that people read. Pure.

import { columns, threeDigits } from '../columns.ts';
import type { SideName } from './side.ts';

/** What was measured of both. */
export interface Figure {
  readonly title: string;
  readonly unit: 'ms' | 's' | 'MiB' | 'calls/s' | 'lines';
  /** Which of two figures is the better one. */
  readonly better: 'less' | 'more';
  readonly of: Readonly<Record<SideName, number>>;
  /** How many times better hostd is to be; 1 unless it says otherwise. */
  readonly aim?: number;
}

/** How many times better hostd is: beyond 1 it is ahead. null: one of the two is nothing. */
export function ratio({ better, of: { hostd, Supervisor } }: Figure): number | null {
  if (hostd === 0 || Supervisor === 0) return null;
  return better === 'less' ? Supervisor / hostd : hostd / Supervisor;
}

export function table(figures: readonly Figure[]): string {
  const header = ['', 'hostd', 'Supervisor', 'ratio', 'aim'];
  const rows = figures.map(figure => {
    const { title, unit, of } = figure;
    const times = ratio(figure);
    return [
      `${title} (${unit})`,
      short(of.hostd),
      short(of.Supervisor),
      times === null ? '' : `x${short(times)}`,
      verdict(figure),
    ];
  });
  return columns([header, ...rows]);
}

function verdict(figure: Figure): string {
  const { aim = 1, of, better } = figure;
  const times = ratio(figure);
  const isMet =
    times === null
      ? better === 'less'
        ? of.hostd <= of.Supervisor
        : of.hostd >= of.Supervisor
      : times >= aim;
  return `>= x${aim} ${isMet ? 'met' : 'MISSED'}`;
}

/** Nothing is "0", as none of the lines is lost. */
function short(value: number): string {
  return value === 0 ? '0' : threeDigits(value);
}
