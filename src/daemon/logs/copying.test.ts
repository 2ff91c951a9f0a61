import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { beginsWith, copyBytes, cutOf } from './copying.ts';

function files(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-copying-'));
  const fds: number[] = [];
  t.after(() => {
    for (const fd of fds) closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    const fd = openSync(path, 'r+');
    fds.push(fd);
    return { path, fd };
  };
}

test('a log is cut where a block and a line end together, as late as that happens', t => {
  const make = files(t);
  const { fd } = make('log', `${'x'.repeat(15)}\n`.repeat(64));
  assert.deepEqual(cutOf(fd, 1024, 64), { at: 960, wholeLine: true });
  const odd = make('odd', `${'x'.repeat(98)}\n`.repeat(200));
  const cut = cutOf(odd.fd, 19_800, 64);
  assert.equal(cut.at % 64, 0);
  assert.equal(cut.at % 99, 0);
  assert.equal(cut.wholeLine, true);
});

test('without such a place it is cut at the last block, and a log of less than a block is not', t => {
  const make = files(t);
  const { fd } = make('log', 'x'.repeat(1000));
  assert.deepEqual(cutOf(fd, 1000, 64), { at: 960, wholeLine: false });
  for (const [size, at] of [
    [960, 896],
    [64, 0],
    [0, 0],
  ] as const)
    assert.equal(cutOf(fd, size, 64).at, at);
});

test('the holes of a sparse log stay holes', t => {
  const make = files(t);
  const from = make('from', 'a'.repeat(4096));
  const to = make('to', '');
  const size = 64 * 1024 * 1024;
  ftruncateSync(from.fd, size);
  copyBytes(from.fd, 0, size, to.fd, 0);
  ftruncateSync(to.fd, size);
  assert.ok(statSync(to.path).blocks * 512 < 4 * 1024 * 1024);
  assert.equal(readFileSync(to.path).subarray(0, 4096).toString(), 'a'.repeat(4096));
});

test('a log that becomes shorter while it is copied is no loss that goes unsaid', t => {
  const make = files(t);
  const from = make('from', 'abc');
  const to = make('to', '');
  assert.throws(() => copyBytes(from.fd, 0, 10, to.fd, 0), /somebody has made it shorter/);
});

test('what an interrupted rotation has copied is told from what it has taken out', t => {
  const make = files(t);
  const log = make('log', 'one\ntwo\nthree\n');
  assert.equal(beginsWith(log.fd, make('same', 'one\ntwo\n').fd), true);
  assert.equal(beginsWith(log.fd, make('other', 'one\ntwO\n').fd), false);
  assert.equal(beginsWith(log.fd, make('longer', 'one\ntwo\nthree\nfour\n').fd), false);
  assert.equal(beginsWith(log.fd, make('empty', '').fd), true);
});
