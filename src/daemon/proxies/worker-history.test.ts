import assert from 'node:assert/strict';
import { openSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { noteSize, standingsPlace } from '../../protocol/note.ts';
import { culpritOf, type Death, WorkerHistory } from './worker-history.ts';

const segv = { code: null, signal: 'SIGSEGV' };
const death = (at: number, site: string | null = 'evil', how: Death['how'] = segv): Death => ({
  at,
  how,
  site,
});

test('a site is a culprit after three ends within a minute, by the worker’s own fault, while it was worked for', () => {
  assert.equal(culpritOf([death(0), death(1000), death(59_000)]), 'evil');
  assert.equal(culpritOf([death(0), death(1000), death(61_000)]), null);
  assert.equal(culpritOf([death(0), death(1000)]), null);
  assert.equal(culpritOf([death(0), death(1, 'good'), death(2)]), null);
  assert.equal(culpritOf([death(0, null), death(1, null), death(2, null)]), null);
  const killed = { code: null, signal: 'SIGKILL' };
  assert.equal(culpritOf([death(0), death(1), death(2, 'evil', killed)]), null);
  assert.equal(culpritOf([death(0), death(1), death(2, 'evil', { code: 70, signal: null })]), null);
});

/** A note with this number. */
function note(number: number): number {
  const fd = openSync('/dev/shm', 0o20200002);
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt32LE(number);
  writeSync(fd, bytes);
  return fd;
}

test('status says how often, when and why; the log what was done about it; a command forgets it', () => {
  const history = new WorkerHistory();
  const time = (at: number) => `at ${at}`;
  assert.equal(history.describe(time), '');
  assert.deepEqual(history.died({ code: 70, signal: null }, 5), [
    'ended by itself (exit status 70): started again, for the 1st time',
  ]);
  assert.equal(history.describe(time), ', restarted once, last at 5: exit status 70');
  let said: readonly string[] = [];
  for (const at of [10, 20, 30]) {
    history.begin(note(2), ['good', 'evil']);
    said = history.died(segv, at);
  }
  assert.match(said[0] ?? '', /SIGSEGV\) while it worked for "evil": started again, for the 4th time/);
  assert.match(said[1] ?? '', /^goes on without "evil".* 503\n {2}try: hostctl reload hostd-proxy$/);
  assert.deepEqual([...history.leftOut], ['evil']);
  assert.match(
    history.describe(time),
    /restarted 4 times, last at 30: ended by SIGSEGV; without "evil": hostctl/,
  );
  history.forget();
  assert.deepEqual([history.describe(time), history.leftOut.size], ['', 0]);
});

test('a note that names no site, or that a worker has cut off, is nobody’s', () => {
  const history = new WorkerHistory();
  history.begin(note(99), ['good']);
  assert.doesNotMatch(history.died(segv, 1)[0] ?? '', /worked for/);
  const empty = openSync('/dev/shm', 0o20200002);
  history.begin(empty, ['good'])();
  assert.doesNotMatch(history.died(segv, 2)[0] ?? '', /worked for/);
});

test('the end of one run is told late, when the next has the descriptor’s number', () => {
  const history = new WorkerHistory();
  const first = note(1);
  const ended = history.begin(first, ['evil']);
  history.died(segv, 1);
  const second = note(1);
  assert.equal(second, first);
  history.begin(second, ['evil']);
  ended();
  writeSync(second, Buffer.from([1, 0, 0, 0]), 0, 4, 0);
  assert.match(history.died(segv, 2)[0] ?? '', /worked for "evil"/);
});

test('how a site’s upstreams stand is read where the live run notes it, and nowhere after its end', () => {
  const history = new WorkerHistory();
  assert.deepEqual(history.upstreamsOf('shop'), []);
  const fd = note(0);
  writeSync(fd, Buffer.alloc(noteSize(2)), 0, noteSize(2), 0);
  writeSync(fd, Buffer.from([0, 1]), 0, 2, standingsPlace(2, 2));
  const ended = history.begin(fd, ['blog', 'shop']);
  assert.deepEqual(history.upstreamsOf('shop').slice(0, 3), [null, 'refused', null]);
  assert.ok(history.upstreamsOf('blog').every(fault => fault === null));
  assert.deepEqual(history.upstreamsOf('gone'), []);
  ended();
  assert.deepEqual(history.upstreamsOf('shop'), []);
  // The note of an older worker is shorter.
  history.begin(note(0), ['shop']);
  assert.deepEqual(history.upstreamsOf('shop'), []);
});
