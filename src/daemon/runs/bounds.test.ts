import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appProgram, makeApp } from '../../model/app.ts';
import { type Controller, noBounds } from '../../model/bounds.ts';
import { limitsWith, settingsOf, unheldKeys, unheldText } from './bounds.ts';

const all: ReadonlySet<Controller> = new Set(['memory', 'cpu', 'pids', 'io']);
const none: ReadonlySet<Controller> = new Set();
const program = appProgram(makeApp({ name: 'a', root: '/r', source: { file: '/f', key: ['app', 'a'] } }));

const textsOf = (bounds: Partial<typeof noBounds>, on = all) =>
  Object.fromEntries(settingsOf({ ...noBounds, ...bounds }, on).map(({ file, text }) => [file, text]));

test('each bound has its file', () => {
  const bounds = { memoryMax: 4096, memoryHigh: 2048, cpuMax: 150, cpuWeight: 50, tasksMax: 7, ioWeight: 60 };
  assert.deepEqual(textsOf(bounds), {
    'memory.swap.max': '4096',
    'memory.max': '4096',
    'memory.high': '2048',
    'cpu.max': '150000 100000',
    'cpu.weight': '50',
    'pids.max': '7',
    'io.weight': 'default 60',
  });
});

test('what is bound no more becomes what the kernel begins with', () => {
  assert.deepEqual(textsOf({}), {
    'memory.swap.max': 'max',
    'memory.max': 'max',
    'memory.high': 'max',
    'cpu.max': 'max 100000',
    'cpu.weight': '100',
    'pids.max': 'max',
    'io.weight': 'default 100',
  });
  assert.deepEqual(
    Object.keys(textsOf({}, new Set(['pids']))),
    ['pids.max'],
    'only where there is a controller',
  );
});

test('a thousandth of a processor is the least that the kernel takes', () => {
  assert.equal(textsOf({ cpuMax: 1 })['cpu.max'], '1000 100000');
});

test('what does not hold is said by its key, the bounds of the app among them', () => {
  const bound = { ...program, tasksMax: 5, appBounds: { ...noBounds, memoryMax: 1 } };
  assert.deepEqual(unheldKeys(program, none), []);
  assert.deepEqual(unheldKeys(bound, none), ['memory_max', 'tasks_max']);
  assert.deepEqual(unheldKeys(bound, new Set(['memory'])), ['tasks_max']);
  assert.equal(unheldText(['cpu_max'], 'why'), 'cpu_max is not in force: why');
  assert.equal(
    unheldText(['memory_max', 'tasks_max'], 'why'),
    'memory_max, tasks_max are not in force (tasks_max holds for all processes of the user, by RLIMIT_NPROC): why',
  );
});

test('without the pids controller tasks_max is a limit of the user, unless the table has one', () => {
  const bound = { ...program, tasksMax: 9, appBounds: { ...noBounds, tasksMax: 5 } };
  assert.deepEqual(
    limitsWith(program, () => assert.fail('nobody asks')),
    {},
  );
  assert.deepEqual(
    limitsWith(bound, () => all),
    {},
  );
  assert.deepEqual(
    limitsWith(bound, () => none),
    { nproc: { soft: 5, hard: 5 } },
  );
  const own = { nproc: { soft: 3, hard: 3 } };
  assert.deepEqual(
    limitsWith({ ...bound, limits: own }, () => none),
    own,
  );
});
