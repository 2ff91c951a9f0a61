// What hostctl top shows, and what each key makes of it. Pure.

import { inOrder, type Order, type Row } from './rows.ts';

/** The list of programs; the processes of one app, or of a program without an app; the log of a program. */
export type View =
  | { readonly kind: 'list' }
  | { readonly kind: 'processes'; readonly name: string }
  | { readonly kind: 'log'; readonly name: string; readonly from: 'list' | { readonly name: string } };

export interface State {
  readonly view: View;
  readonly order: Order;
  /** Name of the program that the bar is on; null: the first. It stays there whatever the order becomes. */
  readonly chosen: string | null;
  readonly hasHelp: boolean;
  readonly isOver: boolean;
}

export const begin: State = {
  view: { kind: 'list' },
  order: 'name',
  chosen: null,
  hasHelp: false,
  isOver: false,
};

/** The keys in one chunk of input: sequences such as "\x1b[A" are one key. */
export function keysOf(input: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys are control characters
  return input.match(/\x1b[[O][0-9;]*[A-Za-z~]|./gsu) ?? [];
}

const sorts: Readonly<Record<string, Order>> = {
  n: 'name',
  c: 'cpu',
  m: 'memory',
  r: 'requests',
  t: 'time',
  e: 'errors',
};

/** How far each key moves the bar; null: by a page. */
const moves: Readonly<Record<string, number>> = {
  '\x1b[A': -1,
  '\x1bOA': -1,
  k: -1,
  '\x1b[B': 1,
  '\x1bOB': 1,
  j: 1,
  '\x1b[H': Number.NEGATIVE_INFINITY,
  '\x1b[1~': Number.NEGATIVE_INFINITY,
  '\x1b[F': Number.POSITIVE_INFINITY,
  '\x1b[4~': Number.POSITIVE_INFINITY,
};
const pages: Readonly<Record<string, number>> = { '\x1b[5~': -1, '\x1b[6~': 1 };

/** `page`: rows that are seen at once. */
export function press(state: State, key: string, rows: readonly Row[], page: number): State {
  if (key === '\x03') return { ...state, isOver: true };
  if (state.hasHelp) return { ...state, hasHelp: false };
  if (key === '?' || key === 'h') return { ...state, hasHelp: true };
  if (key === 'q' || key === '\x1b' || key === '\x7f' || key === '\x1b[D') return back(state, key);
  if (state.view.kind === 'log') return state;
  if (key === 'l') return openLog(state, rows);
  if (state.view.kind === 'processes') return state;
  const order = sorts[key];
  if (order !== undefined) return { ...state, order };
  const step = moves[key] ?? (pages[key] === undefined ? undefined : pages[key] * page);
  if (step !== undefined) return move(state, rows, step);
  if (key === '\r' || key === '\n' || key === '\x1b[C') return openProcesses(state, rows);
  return state;
}

/** The program under the bar; null: there is none. */
export function chosenRow({ chosen, order }: State, rows: readonly Row[]): Row | null {
  return rows.find(({ name }) => name === chosen) ?? inOrder(rows, order)[0] ?? null;
}

function move(state: State, rows: readonly Row[], step: number): State {
  const shown = inOrder(rows, state.order);
  const at = shown.findIndex(({ name }) => name === chosenRow(state, rows)?.name);
  const to = Math.max(0, Math.min(shown.length - 1, at + step));
  return { ...state, chosen: shown[to]?.name ?? null };
}

function openProcesses(state: State, rows: readonly Row[]): State {
  const row = chosenRow(state, rows);
  return row === null ? state : { ...state, view: { kind: 'processes', name: row.app ?? row.name } };
}

function openLog(state: State, rows: readonly Row[]): State {
  const { view } = state;
  const row = chosenRow(state, rows);
  if (view.kind === 'log' || row === null) return state;
  const from = view.kind === 'list' ? 'list' : { name: view.name };
  return { ...state, view: { kind: 'log', name: row.name, from } };
}

/** To where one came from. Only q leaves the list. */
function back(state: State, key: string): State {
  const { view } = state;
  if (view.kind === 'list') return { ...state, isOver: key === 'q' };
  if (view.kind === 'log' && view.from !== 'list')
    return { ...state, view: { kind: 'processes', name: view.from.name } };
  return { ...state, view: { kind: 'list' } };
}
