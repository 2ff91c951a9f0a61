import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines, type HasDeadline } from './deadlines.ts';

/** Resolves with the milliseconds after which it expired. */
function waiting(): HasDeadline & { readonly after: Promise<number>; count: number } {
  const begun = performance.now();
  let tell = (_ms: number): void => {};
  const after = new Promise<number>(resolve => {
    tell = resolve;
  });
  return {
    deadline: Number.POSITIVE_INFINITY,
    slot: -1,
    after,
    count: 0,
    siteNumber: 0,
    broke() {},
    expired() {
      this.count++;
      tell(performance.now() - begun);
    },
  };
}

/** The timer of Deadlines keeps no process alive. */
async function alive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

test('each expires at its own time, whatever the order of setting, and once', async () => {
  const deadlines = new Deadlines();
  const [late, early] = [waiting(), waiting()];
  deadlines.set(late, 1000);
  deadlines.set(early, 20);
  assert.ok((await alive(early.after)) >= 19);
  assert.equal(late.count, 0);
  assert.ok((await alive(late.after)) >= 999);
  assert.deepEqual([early.count, late.count], [1, 1]);
});

test('a deadline that is moved or removed does not expire before', async () => {
  const deadlines = new Deadlines();
  const [moved, removed, other] = [waiting(), waiting(), waiting()];
  deadlines.set(moved, 10);
  deadlines.set(removed, 10);
  deadlines.set(moved, 1000);
  deadlines.remove(removed);
  deadlines.set(other, 30);
  await alive(other.after);
  assert.deepEqual([moved.count, removed.count], [0, 0]);
  assert.ok((await alive(moved.after)) >= 999);
  assert.equal(removed.count, 0);
});

test('one that expires may end another that would', async () => {
  const deadlines = new Deadlines();
  const [first, second, last] = [waiting(), waiting(), waiting()];
  const expire = first.expired.bind(first);
  first.expired = () => {
    deadlines.remove(second);
    expire();
  };
  deadlines.set(first, 10);
  deadlines.set(second, 10);
  deadlines.set(last, 30);
  await alive(last.after);
  assert.deepEqual([first.count, second.count], [1, 0]);
});
