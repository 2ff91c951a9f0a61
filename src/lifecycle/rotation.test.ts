import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Backup,
  dueFor,
  type Move,
  makeRoom,
  toCompress,
  untilDue,
  withinBounds,
  worthKeeping,
} from './rotation.ts';

const rules = { maxBytes: 1000, backups: 3, maxAge: 60 };
const plain = (index: number): Backup => ({ index, zipped: false });
const zipped = (index: number): Backup => ({ index, zipped: true });

test('a log is put aside when it has reached its size, or its age', () => {
  assert.equal(dueFor(rules, { size: 999, begunAt: 0 }, 1000), null);
  assert.equal(dueFor(rules, { size: 1000, begunAt: 0 }, 1000), 'size');
  assert.equal(dueFor(rules, { size: 1, begunAt: 0 }, 59_999), null);
  assert.equal(dueFor(rules, { size: 1, begunAt: 0 }, 60_000), 'age');
});

test('an empty log is never put aside, and a limit of 0 bytes is none', () => {
  assert.equal(dueFor(rules, { size: 0, begunAt: 0 }, 1e9), null);
  assert.equal(dueFor({ ...rules, maxBytes: 0, maxAge: null }, { size: 1e12, begunAt: 0 }, 1e9), null);
});

test('the wait for a log to come of age ends exactly then', () => {
  assert.equal(untilDue(rules, { size: 1, begunAt: 5000 }, 6000), 59_000);
  assert.equal(untilDue(rules, { size: 1, begunAt: 5000 }, 1e9), 0);
  assert.equal(untilDue(rules, { size: 0, begunAt: 5000 }, 6000), null);
  assert.equal(untilDue({ ...rules, maxAge: null }, { size: 1, begunAt: 0 }, 6000), null);
});

test('of a log of terabytes no more is copied than its backups may hold', () => {
  assert.equal(worthKeeping(rules), 4000);
  assert.equal(worthKeeping({ ...rules, maxBytes: 0 }), Number.POSITIVE_INFINITY);
});

test('backups move up by one, the oldest first, and the last one goes', () => {
  assert.deepEqual(makeRoom([plain(1), zipped(2), zipped(3)], 3), [
    { kind: 'remove', backup: zipped(3) },
    { kind: 'rename', from: zipped(2), to: zipped(3) },
    { kind: 'rename', from: plain(1), to: plain(2) },
  ] satisfies Move[]);
});

test('nothing moves beyond a gap, which an interrupted rotation may have left', () => {
  assert.deepEqual(makeRoom([plain(2), zipped(3)], 3), []);
  assert.deepEqual(makeRoom([plain(1), zipped(3)], 3), [{ kind: 'rename', from: plain(1), to: plain(2) }]);
});

test('a backup that is there in both forms is kept once', () => {
  assert.deepEqual(makeRoom([plain(2), zipped(2)], 5), [{ kind: 'remove', backup: plain(2) }]);
});

test('the newest backup is left as it is, the others are compressed', () => {
  assert.deepEqual(toCompress([plain(1), plain(2), zipped(3), plain(4), plain(5), zipped(5)]), [
    plain(4),
    plain(2),
  ]);
});

test('whatever is there, NAME.1 becomes free, order is kept, and nothing is overwritten or kept beyond the limit', () => {
  const present = fc.uniqueArray(
    fc.record({ index: fc.integer({ min: 1, max: 12 }), zipped: fc.boolean() }),
    {
      selector: ({ index, zipped: z }) => `${index}${z}`,
    },
  );
  fc.assert(
    fc.property(present, fc.integer({ min: 0, max: 12 }), (backups, limit) => {
      const files = new Map(backups.map(b => [`${b.index}${b.zipped}`, b.index]));
      const key = ({ index, zipped: z }: Backup) => `${index}${z}`;
      for (const move of makeRoom(backups, limit)) {
        if (move.kind === 'remove') {
          assert.ok(files.delete(key(move.backup)));
          continue;
        }
        const age = files.get(key(move.from));
        assert.ok(age !== undefined && !files.has(key(move.to)));
        files.delete(key(move.from));
        files.set(key(move.to), age);
      }
      const left = [...files].map(([name, age]) => ({ index: Number.parseInt(name, 10), age }));
      assert.ok(left.every(({ index }) => index > 1 || limit === 0) || left.length === 0);
      assert.ok(left.every(({ index }) => index !== 1 && index <= limit));
      const sorted = left.sort((a, b) => a.index - b.index).map(({ age }) => age);
      assert.deepEqual(
        sorted,
        [...sorted].sort((a, b) => a - b),
      );
      assert.equal(new Set(left.map(({ index }) => index)).size, left.length);
      // No backup that still has a place is gone.
      const distinct = new Set(backups.map(b => b.index)).size;
      assert.ok(
        left.length >=
          Math.min(distinct, Math.max(0, limit - 1)) - backups.filter(b => b.index > limit).length,
      );
    }),
  );
});

test('more than a thousand backups are not kept, whatever is asked for', () => {
  const rules = { maxBytes: 1000, backups: 1e15, maxAge: null };
  assert.deepEqual(withinBounds(rules), { ...rules, backups: 1000 });
  assert.deepEqual(withinBounds({ ...rules, backups: 3 }), { ...rules, backups: 3 });
});
