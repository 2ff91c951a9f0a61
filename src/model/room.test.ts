import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRoomAgain, judgeRoom } from './room.ts';

const GiB = 1024 ** 3;
const room = { free: 10 * GiB, all: 100 * GiB, freeFiles: 1000, allFiles: 2000 };

test('a file system is full without bytes or inodes, and nearly full with little of both kinds of little', () => {
  const say = (differs: Partial<typeof room>) => judgeRoom({ ...room, ...differs })?.words ?? null;
  assert.equal(say({}), null);
  assert.equal(say({ free: 0 }), 'is full');
  assert.equal(say({ freeFiles: 0 }), 'has no inode left');
  assert.equal(say({ freeFiles: 0, allFiles: 0 }), null, 'there is no such limit');
  assert.equal(say({ free: 0.3 * GiB }), 'is nearly full: 308 MiB left');
  assert.equal(say({ free: 0.3 * GiB, all: GiB }), null, 'a third of a small one is enough');
  assert.equal(say({ freeFiles: 9, allFiles: 2000 }), 'is nearly out of inodes: 9 left');
});

test('a file system that was nearly full has to have some more room until it is sound', () => {
  const say = (differs: Partial<typeof room>) => isRoomAgain({ ...room, ...differs });
  assert.equal(say({}), true);
  assert.equal(say({ free: 0.4 * GiB }), false);
  assert.equal(say({ free: 0.55 * GiB }), false, 'this would not have been told');
  assert.equal(say({ free: 0.7 * GiB }), true);
  assert.equal(say({ freeFiles: 70, allFiles: 2000 }), false);
});
