import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { below, descendants, identify, isAlive, parseStat, readStat, withEnvironment } from './procfs.ts';

const fields = (state: string, rest: readonly number[]) => [state, ...rest].join(' ');
/** Fields 4 to 22 and a few more. */
const numbers = [10, 11, 12, 0, -1, 4194560, 1, 2, 3, 4, 5, 6, 7, 8, 20, 0, 1, 0, 4711, 1000, 2000];

test('a process is told apart from the next one with its pid by when it started', () => {
  assert.deepEqual(parseStat(`42 (gunicorn) ${fields('S', numbers)}\n`), {
    state: 'S',
    parent: 10,
    group: 11,
    session: 12,
    starttime: 4711,
  });
});

test('a process cannot lie about itself by its name', () => {
  const names = fc.string({ unit: fc.constantFrom(')', '(', ' ', 'Z', '1', '\n', 'a') });
  fc.assert(
    fc.property(names, fc.constantFrom('R', 'S', 'D', 'Z', 'T'), (name, state) => {
      const stat = parseStat(`42 (${name}) ${fields(state, numbers)}\n`);
      assert.deepEqual([stat?.state, stat?.parent, stat?.starttime], [state, 10, 4711]);
    }),
  );
});

test('a file that ends too soon is no process', () => {
  for (const text of ['', '42', '42 (sh) S 1 2 3', '42 (sh']) assert.equal(parseStat(text), null);
});

test('this process is alive, its next one of the same pid would not be', () => {
  const id = identify(process.pid);
  assert.ok(id !== null && isAlive(id));
  assert.equal(isAlive({ ...id, starttime: id.starttime + 1 }), false);
  assert.equal(isAlive({ ...id, bootId: 'an earlier boot' }), false);
  assert.equal(readStat(2 ** 30), null);
});

test('grandchildren are descendants, siblings and the process itself are not', () => {
  const tree = new Map([
    [1, [{ pid: 2 }, { pid: 3 }]],
    [2, [{ pid: 4 }]],
    [4, [{ pid: 5 }]],
    [3, [{ pid: 6 }]],
    // Impossible in /proc, but a scan is no snapshot: a pid may be seen under two parents.
    [5, [{ pid: 2 }]],
  ]);
  const pids = (roots: number[]) => below(tree, roots).map(({ pid }) => pid);
  assert.deepEqual(pids([2]), [4, 5]);
  assert.deepEqual(pids([1]), [2, 3, 4, 6, 5]);
  assert.deepEqual(pids([2, 3]), [4, 6, 5]);
  assert.deepEqual(pids([9]), []);
});

test('a real child is found below this process and by an entry of its environment, not by a part of one', async t => {
  const entry = `HOSTD_TEST_PROCFS=${process.pid}x`;
  const child = spawn('sleep', ['100'], {
    env: { PATH: process.env['PATH'], HOSTD_TEST_PROCFS: `${process.pid}x` },
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const { pid } = child;
  assert.ok(pid !== undefined && descendants([process.pid]).some(id => id.pid === pid));
  assert.deepEqual(withEnvironment(entry), [pid]);
  assert.deepEqual(withEnvironment(entry.slice(0, -1)), []);
});

test('a hundred thousand processes, each the child of the one before, are found one after the other', () => {
  const most = 100_000;
  const children = new Map(Array.from({ length: most }, (_, pid) => [pid, [{ pid: pid + 1 }]]));
  assert.equal(below(children, [0]).length, most);
});
