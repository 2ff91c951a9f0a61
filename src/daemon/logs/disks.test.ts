import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type TestContext, test } from 'node:test';
import { defaultSettings } from '../../model/assemble.ts';
import type { Room } from '../../model/room.ts';
import { makeDisks } from './disks.ts';

const MiB = 1024 ** 2;
const sound: Room = { free: 5000 * MiB, all: 100_000 * MiB, freeFiles: 0, allFiles: 0 };
const low = { ...sound, free: 100 * MiB };

/** Three directories in one file system, which has the room that the test says. */
function scene(t: TestContext) {
  const directory = mkdtempSync(`${tmpdir()}/hostd-disks-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const own = { stateDir: directory, logDir: directory, runtimeDir: directory };
  const said: string[] = [];
  let [room, looks, now] = [sound, 0, 0];
  const note = `${directory}/disk-low`;
  const next = () =>
    makeDisks({
      settings: () => ({ ...defaultSettings('/f'), ...own }),
      note,
      tell: ({ kind, name, cause }) => void said.push(`${name} ${kind}: ${cause}`),
      log: { warn: (message: string) => void said.push(`warn: ${message}`), info: () => {} } as never,
      clock: () => now,
      look: () => {
        looks += 1;
        return room;
      },
    });
  return {
    next,
    note,
    trouble: `[hostd]: state_dir "${directory}": its file system is nearly full: 100 MiB left`,
    become: (other: Room) => {
      room = other;
    },
    looks: () => looks,
    wait: (ms: number) => {
      now += ms;
    },
    /** The kinds of events that were told since the last call. */
    kinds: () => said.splice(0).flatMap(line => /^hostd (disk-\w+): /.exec(line)?.[1] ?? []),
    expect: (...lines: readonly string[]) => assert.deepEqual(said.splice(0), lines),
  };
}

test('a disk that is nearly full is told once, with one line in the log, and so is its end', t => {
  const { next, become, trouble, note, expect } = scene(t);
  const disks = next();
  assert.deepEqual(disks.troubles(), []);
  expect();
  become(low);
  assert.deepEqual(disks.troubles(), [trouble]);
  assert.deepEqual(
    disks.now().map(({ directory, low: isLow }) => [directory, isLow]),
    [
      ['state_dir', true],
      ['log_dir', true],
      ['runtime_dir', true],
    ],
  );
  expect(`warn: ${trouble}\n  try: hostctl doctor`, `hostd disk-low: ${trouble}`);
  become({ ...low, free: 99 * MiB });
  disks.now();
  expect();
  become({ ...sound, free: 600 * MiB });
  assert.equal(disks.troubles().length, 1, 'not yet');
  expect();
  become(sound);
  assert.deepEqual(disks.troubles(), []);
  expect('hostd disk-good: there is room enough again');
  assert.equal(existsSync(note), false);
});

test('that it is full is told, too, and by the next hostd only what has changed', t => {
  const { next, become, kinds } = scene(t);
  become(low);
  next().now();
  assert.deepEqual(kinds(), ['disk-low']);
  next().now();
  assert.deepEqual(kinds(), []);
  become({ ...low, free: 0 });
  next().now();
  assert.deepEqual(kinds(), ['disk-low']);
  become(sound);
  next().now();
  assert.deepEqual(kinds(), ['disk-good']);
});

test('what is written makes it look, but not each time', t => {
  const { next, looks, wait } = scene(t);
  const disks = next();
  for (let count = 0; count < 100; count++) disks.written();
  assert.equal(looks(), 3, 'each directory once');
  disks.now();
  assert.equal(looks(), 6);
  wait(60_000);
  disks.written();
  assert.equal(looks(), 9);
});
