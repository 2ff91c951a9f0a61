// The table of all stacks, and what it says of the aims. Pure.

import { columns, threeDigits } from '../columns.ts';
import { percentile } from '../supervision/figures.ts';

/** What was measured of one stack. */
export interface Column {
  readonly title: string;
  /** Seconds until all sites have answered. */
  readonly start: number;
  /** MiB in all, with all sites awake and visited. */
  readonly visited: number;
  /** MiB in all, when nobody has come for a while. */
  readonly idle: number;
  /** Seconds of processor time while nobody comes. */
  readonly cpu: number;
  /** null: its sites do not sleep. */
  readonly naps: Naps | null;
}

export interface Naps {
  /** Milliseconds until the first answer of a site that has slept. */
  readonly answers: readonly number[];
  /** Milliseconds until the first answer of a bare gunicorn, measured in turns with those. */
  readonly bare: readonly number[];
  /** Under random load. */
  readonly requests: number;
  /** Under that load, and among the first answers. */
  readonly failed: number;
  /** By status or error, with how often. */
  readonly how: Readonly<Record<string, number>>;
  /** How many times a site was started meanwhile. */
  readonly starts: number;
}

export function table(all: readonly Column[], quiet: number, seconds: number): string {
  const row = (title: string, of: (column: Column) => string) => [title, ...all.map(of)];
  const napping = (title: string, of: (naps: Naps) => string) =>
    row(title, ({ naps }) => (naps === null ? '-' : of(naps)));
  return columns([
    row('', ({ title }) => title),
    row('start until all sites have answered (s)', ({ start }) => threeDigits(start)),
    row('memory in all, every site awake (MiB)', ({ visited }) => threeDigits(visited)),
    row('memory in all, nobody comes (MiB)', ({ idle }) => threeDigits(idle)),
    row(`CPU in ${quiet} s while nobody comes (s)`, ({ cpu }) => threeDigits(cpu)),
    napping('first answer after sleep, median (ms)', ({ answers }) => threeDigits(percentile(answers, 0.5))),
    napping('the same, p99 (ms)', ({ answers }) => threeDigits(percentile(answers, 0.99))),
    napping('first answer of a bare gunicorn, median (ms)', ({ bare }) => threeDigits(percentile(bare, 0.5))),
    napping('the same, p99 (ms)', ({ bare }) => threeDigits(percentile(bare, 0.99))),
    napping(`random load of ${seconds} s: requests`, ({ requests }) => `${requests}`),
    napping('starts of a site meanwhile', ({ starts }) => `${starts}`),
    napping('failed requests', ({ failed }) => `${failed}`),
  ]);
}

/** The aims, each with "met" or "MISSED"; one that needs a stack which was not measured is left out. */
export function aims(all: readonly Column[]): string {
  const find = (title: string) => all.find(column => column.title === title);
  const [plain, supervisord, asleep] = ['hostd', 'supervisord', 'hostd, on demand'].map(find);
  const said: string[] = [];
  const say = (aim: string, isMet: boolean) => said.push(`${aim}: ${isMet ? 'met' : 'MISSED'}\n`);
  if (asleep !== undefined) say('on demand, idle: under 150 MiB in all', asleep.idle < 150);
  if (asleep?.naps) {
    const times = percentile(asleep.naps.answers, 0.5) / percentile(asleep.naps.bare, 0.5);
    say(`first answer: at most 1.1 times a bare gunicorn's, here ${threeDigits(times)}`, times <= 1.1);
    say('no request fails', asleep.naps.failed === 0);
  }
  if (plain !== undefined && supervisord !== undefined)
    say('hostd: no more memory than supervisord and nginx', plain.idle <= supervisord.idle);
  return said.join('');
}
