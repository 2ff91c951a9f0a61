import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Row } from './rows.ts';
import { begin, chosenRow, keysOf, press, type State } from './state.ts';

function row(name: string, numbers: Partial<Row> = {}): Row {
  return {
    name,
    app: name.split(':', 1)[0] ?? null,
    state: 'RUNNING',
    isWell: true,
    processes: 1,
    cpu: 0,
    memory: 0,
    requests: null,
    p50: null,
    p95: null,
    errors: null,
    waiting: null,
    restarts: 0,
    ...numbers,
  };
}

const rows = [row('a', { cpu: 1 }), row('b', { cpu: 9 }), row('b:celery', { cpu: 5 })];

function after(keys: string, from: State = begin): State {
  return keysOf(keys).reduce((state, key) => press(state, key, rows, 10), from);
}

const chosen = (state: State) => chosenRow(state, rows)?.name;

test('a sequence is one key', () => {
  assert.deepEqual(keysOf('j\x1b[A\x1b[5~\x1bOBü\r'), ['j', '\x1b[A', '\x1b[5~', '\x1bOB', 'ü', '\r']);
  assert.deepEqual(keysOf('\x1b'), ['\x1b']);
});

test('the bar moves within the list, and stays on its program when the order becomes another', () => {
  assert.equal(chosen(after('')), 'a');
  assert.equal(chosen(after('j')), 'b');
  assert.equal(chosen(after('\x1b[B\x1b[B\x1b[B')), 'b:celery');
  assert.equal(chosen(after('\x1b[6~k')), 'b');
  assert.equal(chosen(after('\x1b[F\x1b[H')), 'a');
  const sorted = after('jc');
  assert.equal(chosen(sorted), 'b');
  assert.equal(chosen(after('j', sorted)), 'b:celery');
});

test('Enter opens the app of a program, l its log, and q goes back step by step', () => {
  const processes = after('\x1b[F\r');
  assert.deepEqual(processes.view, { kind: 'processes', name: 'b' });
  const log = after('l', processes);
  assert.deepEqual(log.view, { kind: 'log', name: 'b:celery', from: { name: 'b' } });
  assert.deepEqual(after('q', log).view, { kind: 'processes', name: 'b' });
  assert.deepEqual(after('qq', log).view, { kind: 'list' });
  assert.equal(after('qq', log).isOver, false);
  assert.equal(after('qqq', log).isOver, true);
  assert.deepEqual(after('l\x1b').view, { kind: 'list' });
});

test('Ctrl-C ends it from everywhere, and Esc does not end the list', () => {
  for (const keys of ['', '\r', 'l', '?']) assert.equal(after(`${keys}\x03`).isOver, true);
  assert.equal(after('\x1b').isOver, false);
});

test('any key closes the help, and does nothing else', () => {
  const helped = after('?');
  assert.equal(helped.hasHelp, true);
  assert.deepEqual(after('q', helped), { ...begin });
});

test('no keys break it, with rows or without', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...'ncmrtejklqh?\r\n\x1b\x7f', '\x1b[A', '\x1b[B', '\x1b[5~', '\x1b[6~')),
      keys => {
        for (const list of [rows, []]) {
          let state = begin;
          for (const key of keys) state = press(state, key, list, 3);
          const found = chosenRow(state, list);
          assert.equal(found === null, list.length === 0);
        }
      },
    ),
  );
});
