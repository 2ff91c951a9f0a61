import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessInfo } from '../../protocol/rpc.ts';
import { joinName, splitName } from '../../words/process-names.ts';
import { Double, type Value } from '../../xmlrpc/values.ts';
import { describe, uptime } from './describe.ts';
import { tailRange } from './logs.ts';
import { listed } from './processes.ts';
import { signalNumber } from './signals.ts';

const info: ProcessInfo = {
  name: 'cat',
  priority: 999,
  state: 20,
  start: 1000,
  stop: 0,
  spawnerr: '',
  exitstatus: 0,
  pid: 7,
  stdoutLogfile: '',
  stderrLogfile: '',
  description: null,
};

test('a process is described in the words of its state', () => {
  assert.equal(describe(info, 1061), 'pid 7, uptime 0:01:01');
  assert.equal(describe({ ...info, state: 200 }, 0), 'unknown error (try "tail cat")');
  assert.equal(describe({ ...info, state: 30, spawnerr: 'why' }, 0), 'why');
  assert.equal(describe({ ...info, state: 0, start: 0 }, 0), 'Not started');
  assert.equal(describe({ ...info, state: 10 }, 0), '');
  const noon = new Date(2026, 10, 8, 12, 5).getTime() / 1000;
  assert.equal(describe({ ...info, state: 100, stop: noon }, 0), 'Nov 08 12:05 PM');
  assert.equal(describe({ ...info, state: 0, stop: noon - 12 * 3600 }, 0), 'Nov 08 12:05 AM');
});

test('an uptime is a timedelta of Python', () => {
  assert.deepEqual([7, 3661, 86_400, 200_000, -5].map(uptime), [
    '0:00:07',
    '1:01:01',
    '1 day, 0:00:00',
    '2 days, 7:33:20',
    '0:00:00',
  ]);
});

test('names are split at their first colon', () => {
  assert.deepEqual(splitName('cat'), { group: 'cat', name: 'cat' });
  assert.deepEqual(splitName('g:a:b'), { group: 'g', name: 'a:b' });
  for (const whole of ['g:*', 'g:']) assert.deepEqual(splitName(whole), { group: 'g', name: null });
  assert.equal(joinName({ group: 'g', name: 'g' }), 'g');
  assert.equal(joinName({ group: 'g', name: 'a' }), 'g:a');
});

test('signals are numbers and names with or without SIG', () => {
  const signals: Value[] = ['HUP', ' sighup ', '1', 1, new Double(1.5), true, 'CLD', 'RTMAX', 0];
  assert.deepEqual(signals.map(signalNumber), [1, 1, 1, 1, 1, 1, 17, 64, 0]);
  for (const none of ['HUPP', '', 99, -1, '33']) assert.equal(signalNumber(none), null);
  assert.throws(() => signalNumber(null), /'NoneType' object has no attribute 'strip'/);
  assert.throws(() => signalNumber(new Double(Number.NaN)), /'float' object has no attribute 'strip'/);
  assert.throws(() => signalNumber(new Double(-Infinity)), /cannot convert float infinity to integer/);
});

test('a tail has what Supervisor reckons', () => {
  const rows: readonly (readonly [size: number, offset: number, length: number, result: string])[] = [
    [10, 0, 20, '-10 20 false'],
    [10, 0, 5, '5 5 true'],
    [10, 5, 5, '5 5 false'],
    [10, 20, 5, '10 0 false'],
    [0, 0, 5, '0 0 false'],
    [10, 0, -1, '9 0 true'],
  ];
  for (const [size, offset, length, wanted] of rows) {
    const { offset: from, length: bytes, overflow } = tailRange(size, offset, length);
    assert.equal(`${from} ${bytes} ${overflow}`, wanted.replace('-10', '0'), `${size} ${offset} ${length}`);
  }
});

test('processes are taken by priority, their groups first, and otherwise as they come', () => {
  const group = (name: string, priority: number, processes: readonly [string, number][]) => ({
    name,
    priority,
    processes: processes.map(([process, own]) => ({ ...info, name: process, priority: own })),
  });
  const groups = [
    group('z', 5, [
      ['one', 999],
      ['two', 3],
    ]),
    group('b', 9, [['b', 1]]),
    group('a', 9, [['a', 1]]),
    group('first', 1, [['x', 999]]),
  ];
  assert.deepEqual(
    listed(groups).map(({ name }) => name),
    ['x', 'two', 'one', 'b', 'a'],
  );
});
