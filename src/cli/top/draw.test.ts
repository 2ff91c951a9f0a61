import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ProgramSample, Sample } from '../../protocol/sample.ts';
import { draw, plainTable, type Scene } from './draw.ts';
import { inOrder, rowsOf } from './rows.ts';
import { begin } from './state.ts';

function program(name: string, cpu_seconds: number, more: Partial<ProgramSample> = {}): ProgramSample {
  return {
    name,
    app: null,
    group: name,
    kind: 'command',
    state: 'RUNNING',
    statecode: 20,
    pid: 7,
    uptime_seconds: 60,
    started: 1,
    restarts: 0,
    idle_since: null,
    processes: 3,
    cpu_seconds,
    memory_bytes: 5 * 1024 * 1024,
    memory_kind: 'resident',
    schedule: null,
    ...more,
  };
}

function sample(clock: number, programs: readonly ProgramSample[]): Sample {
  const configuration = { loaded: 1, good: true };
  const own = { version: '0.2.0', pid: 1, started: 1, cpu_seconds: 1, memory_bytes: 1 };
  const hostd = { ...own, configuration, disks: [] };
  return { time: 1_700_000_000 + clock, clock, hostd, programs, sites: [] };
}

const before = sample(10, [program('a', 1), program('b', 1), program('c', 1)]);
const later = sample(12, [
  program('a', 1),
  program('b', 4),
  program('c', 1, {
    state: 'FATAL',
    pid: null,
    processes: 0,
    cpu_seconds: null,
    memory_bytes: null,
    restarts: 12,
  }),
]);
const rows = rowsOf(before, later);

function scene(more: Partial<Scene> = {}): Scene {
  return { state: begin, sample: later, rows, processes: [], log: [], trouble: null, ...more };
}

test('printed once, it is a table', () => {
  assert.equal(
    plainTable(rows, 'cpu'),
    `NAME STATE    PROC  CPU%   MEM REQ/S   P50   P95 5XX/S WAIT RST
b    RUNNING     3   150    5M     -     -     -     -    -   0
a    RUNNING     3     0    5M     -     -     -     -    -   0
c    FATAL       0     -     -     -     -     -     -    -  12
`,
  );
});

test('the order is the largest first, and equals stay as they were', () => {
  const names = (order: Parameters<typeof inOrder>[1]) => inOrder(rows, order).map(({ name }) => name);
  assert.deepEqual(names('cpu'), ['b', 'a', 'c']);
  assert.deepEqual(names('memory'), ['a', 'b', 'c']);
  assert.deepEqual(names('name'), ['a', 'b', 'c']);
});

test('at 80x24 all columns are there, and long names are cut', () => {
  const many = Array.from({ length: 50 }, (_, i) => program(`a-program-with-a-long-name-${i}`, i));
  const lines = draw(scene({ rows: rowsOf(null, sample(1, many)) }), { columns: 80, rows: 24 });
  assert.equal(lines.length, 24);
  assert.match(lines[2]?.text ?? '', /^NAME .* RST *$/);
  assert.match(lines[4]?.text ?? '', /^a-program-with-~? *.*~ RUNNING /);
});

test('the screen is filled, and no line is too long, at any size, in any view', () => {
  const sizes = fc.record({
    columns: fc.integer({ min: 1, max: 300 }),
    rows: fc.integer({ min: 1, max: 100 }),
  });
  const views = fc.constantFrom<Scene['state']['view']>(
    { kind: 'list' },
    { kind: 'processes', name: 'a' },
    { kind: 'log', name: 'a', from: 'list' },
  );
  const log = fc.array(fc.string({ maxLength: 400 }));
  fc.assert(
    fc.property(sizes, views, log, fc.boolean(), (size, view, lines, hasHelp) => {
      const drawn = draw(scene({ state: { ...begin, view, hasHelp, chosen: 'c' }, log: lines }), size);
      assert.equal(drawn.length, size.rows);
      for (const { text } of drawn) {
        assert.ok(text.length <= size.columns);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach the terminal
        assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f]/);
      }
    }),
  );
});

test('the program under the bar is on the screen, wherever it is in the list', () => {
  const many = Array.from({ length: 100 }, (_, i) => program(`p${i}`, i));
  const all = rowsOf(null, sample(1, many));
  for (const name of ['p0', 'p20', 'p99']) {
    const lines = draw(scene({ rows: all, state: { ...begin, chosen: name } }), { columns: 80, rows: 24 });
    const bar = lines.filter(({ look }) => look === 'chosen');
    assert.equal(bar.length, 1);
    assert.ok(bar[0]?.text.startsWith(`${name} `));
  }
});

test('trouble takes the last line', () => {
  const lines = draw(scene({ trouble: 'cannot reach hostd' }), { columns: 80, rows: 24 });
  assert.deepEqual(lines.at(-1), { text: 'cannot reach hostd', look: 'bad' });
});
