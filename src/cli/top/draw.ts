// What hostctl top looks like: lines of text for the whole screen, or once for a pipe. Pure.

import type { ProcessSample, Sample } from '../../protocol/sample.ts';
import { escapeLine } from '../../words/escape.ts';
import { bytes, count, rate, time } from './numbers.ts';
import { inOrder, type Order, type Row } from './rows.ts';
import { chosenRow, type State } from './state.ts';
import { type Column, table } from './table.ts';

/** A line, and how it is to stand out. */
export interface Line {
  readonly text: string;
  readonly look: 'plain' | 'title' | 'chosen' | 'bad' | 'faint';
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** All that there is to be shown. */
export interface Scene {
  readonly state: State;
  readonly sample: Sample | null;
  readonly rows: readonly Row[];
  readonly processes: readonly ProcessRow[];
  readonly log: readonly string[];
  /** What is wrong at the moment, such as a hostd that does not answer; null: nothing. */
  readonly trouble: string | null;
}

/** A process with what it does now. */
export interface ProcessRow extends ProcessSample {
  /** Percent of one processor; null: not known yet. */
  readonly cpu: number | null;
}

const titles: Readonly<Record<Order, string>> = {
  name: 'NAME',
  cpu: 'CPU%',
  memory: 'MEM',
  requests: 'REQ/S',
  time: 'P95',
  errors: '5XX/S',
};

const columns: readonly Column[] = [
  { title: titles.name, isWord: true, width: 4 },
  { title: 'STATE', isWord: true, width: 8 },
  { title: 'PROC', width: 4 },
  { title: titles.cpu, width: 5 },
  { title: titles.memory, width: 5 },
  { title: titles.requests, width: 5 },
  { title: 'P50', width: 5 },
  { title: titles.time, width: 5 },
  { title: titles.errors, width: 5 },
  { title: 'WAIT', width: 4 },
  { title: 'RST', width: 3 },
];

function cellsOf(row: Row): string[] {
  return [
    escapeLine(row.name),
    row.state,
    count(row.processes),
    rate(row.cpu),
    bytes(row.memory),
    rate(row.requests),
    time(row.p50),
    time(row.p95),
    rate(row.errors),
    count(row.waiting),
    count(row.restarts),
  ];
}

/** The table for a pipe, with its title. */
export function plainTable(rows: readonly Row[], order: Order): string {
  const shown = inOrder(rows, order);
  const { title, lines } = table(columns, shown.map(cellsOf), Number.POSITIVE_INFINITY);
  return [title, ...lines].map(line => `${line}\n`).join('');
}

/** Rows of the list that a screen of this size has room for. */
export function listHeight({ rows }: Size): number {
  return Math.max(1, rows - 4);
}

/** As many lines as the screen has rows, none longer than it is wide. */
export function draw(scene: Scene, size: Size): readonly Line[] {
  const { state, trouble } = scene;
  const last: Line =
    trouble === null ? { text: keysIn(state), look: 'faint' } : { text: escapeLine(trouble), look: 'bad' };
  const body = state.hasHelp ? helpLines : bodyOf(scene, size);
  const room = Math.max(0, size.rows - 1);
  const filled = [...body.slice(0, room), ...Array.from({ length: room }, (): Line => plain(''))].slice(
    0,
    room,
  );
  return [...filled, last]
    .slice(-size.rows)
    .map(line => ({ ...line, text: line.text.slice(0, size.columns) }));
}

function bodyOf(scene: Scene, size: Size): readonly Line[] {
  const { view } = scene.state;
  switch (view.kind) {
    case 'list':
      return listOf(scene, size);
    case 'processes':
      return processesOf(scene, view.name, size);
    case 'log':
      return logOf(scene, view.name, size);
  }
}

function listOf({ state, sample, rows }: Scene, size: Size): readonly Line[] {
  if (sample === null) return [plain('waiting for hostd ...')];
  const shown = inOrder(rows, state.order);
  const { title, lines } = table(columns, shown.map(cellsOf), size.columns);
  const height = listHeight(size);
  const at = shown.indexOf(chosenRow(state, rows) as Row);
  const first = Math.max(0, Math.min(at - height + 1, shown.length - height));
  const body = lines.slice(first, first + height).map((text, index): Line => {
    const isChosen = first + index === at;
    const isBad = shown[first + index]?.isWell === false;
    return {
      text: isChosen ? text.padEnd(size.columns) : text,
      look: isChosen ? 'chosen' : isBad ? 'bad' : 'plain',
    };
  });
  return [...summary(sample, rows), { text: title.padEnd(size.columns), look: 'title' }, ...body];
}

/** Two lines about all of them together. */
function summary({ hostd, programs, time: now }: Sample, rows: readonly Row[]): readonly Line[] {
  const sum = (of: (row: Row) => number | null) => rows.reduce((all, row) => all + (of(row) ?? 0), 0);
  const well = rows.filter(row => row.isWell).length;
  const clock = new Date(now * 1000).toTimeString().slice(0, 8);
  const broken = hostd.configuration.good ? '' : ', configuration has errors: hostctl check';
  return [
    plain(`hostd ${escapeLine(hostd.version)}  ${clock}  ${programs.length} programs, ${well} well${broken}`),
    plain(
      `CPU ${rate(sum(row => row.cpu))}%  memory ${bytes(sum(row => row.memory))}  ${rate(sum(row => row.requests))} requests/s  ${rate(sum(row => row.errors))} 5xx/s  ${count(sum(row => row.waiting))} wait`,
    ),
  ];
}

const processColumns: readonly Column[] = [
  { title: 'PROGRAM', isWord: true, width: 7 },
  { title: 'PID', width: 7 },
  { title: 'CPU%', width: 5 },
  { title: 'MEM', width: 5 },
  { title: 'COMMAND', isWord: true, width: 7 },
];

function processesOf({ processes }: Scene, name: string, size: Size): readonly Line[] {
  const sorted = processes.toSorted((a, b) => (b.cpu ?? 0) - (a.cpu ?? 0));
  const cells = sorted.map(({ program, pid, cpu, memory_bytes, command }) => [
    escapeLine(program),
    String(pid),
    rate(cpu),
    bytes(memory_bytes),
    '',
    escapeLine(command),
  ]);
  const { title, lines } = table(
    processColumns.slice(0, 4),
    cells.map(row => row.slice(0, 4)),
    size.columns,
  );
  return [
    plain(`${escapeLine(name)}: ${processes.length} processes`),
    plain(''),
    { text: `${title} COMMAND`.padEnd(size.columns), look: 'title' },
    ...lines.map((line, index) => plain(`${line} ${cells[index]?.[5] ?? ''}`)),
  ];
}

function logOf({ log }: Scene, name: string, { columns: width, rows }: Size): readonly Line[] {
  const wrapped = log.slice(-rows).flatMap(line => wrap(escapeLine(line), width));
  return [
    { text: `log of ${escapeLine(name)}`.padEnd(width), look: 'title' },
    ...wrapped.slice(-Math.max(0, rows - 2)).map(plain),
  ];
}

function wrap(text: string, width: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at === 0 || at < text.length; at += width) pieces.push(text.slice(at, at + width));
  return pieces;
}

function plain(text: string): Line {
  return { text, look: 'plain' };
}

function keysIn({ view, hasHelp }: State): string {
  if (hasHelp) return 'any key: back';
  if (view.kind === 'log') return 'q: back';
  if (view.kind === 'processes') return 'q: back   l: log';
  return 'q: quit   ?: help   Enter: processes   l: log   sort: n c m r t e';
}

const helpLines: readonly Line[] = [
  { text: 'Keys', look: 'title' },
  ...[
    '  n c m r t e     sort by name, CPU, memory, requests, time (P95), errors (5xx)',
    '  arrows, j k     choose a program',
    '  PgUp PgDn       by a page; Home, End',
    '  Enter           the processes of its app',
    '  l               its log, as it is written',
    '  q, Esc          back; q ends from the list, Ctrl-C from everywhere',
    '',
    'Columns',
    '  CPU%            of one processor: 200 is two of them all the time',
    '  MEM             memory without the cache of files',
    '  P50, P95        half of the answers, and 95 of 100, came within that time',
    "  WAIT            requests that wait for the app's answer",
    '  RST             starts after the first one',
  ].map(plain),
];
