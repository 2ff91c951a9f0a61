import assert from 'node:assert/strict';
import { closeSync, read } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { native } from '../native/index.ts';
import { encodeFact, type Fact } from '../protocol/worker.ts';
import { openFacts } from './facts.ts';

const roundOf = (facts: number): Fact[] =>
  Array.from({ length: facts }, (_, i) => ({ kind: 'draining', connections: i }));

const readSome = promisify(read);

/** Reads `length` bytes. */
async function readAll(fd: number, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const { bytesRead, buffer } = await readSome(fd, Buffer.alloc(65_536), 0, 65_536, null);
    text += buffer.toString('latin1', 0, bytesRead);
  }
  return text;
}

test('many facts get through whole, also those that the pipe has no room for at once', async () => {
  const [from, to] = native.pipe();
  const facts = openFacts(to);
  for (const number of [200, 10_000]) {
    const round = roundOf(number);
    const text = round.map(encodeFact).join('');
    assert.equal(facts.tell(...round), true);
    assert.equal(await readAll(from, text.length), text);
    await facts.drained();
  }
  closeSync(from);
});

test('a hostd that does not read is told nothing more, and told again when it reads', async () => {
  const [from, to] = native.pipe();
  const facts = openFacts(to);
  const round = roundOf(10_000);
  const { length } = round.map(encodeFact).join('');
  assert.equal(facts.tell(...round), true);
  assert.equal(facts.tell({ kind: 'ready' }), false);
  let drained = false;
  const end = facts.drained().then(() => {
    drained = true;
  });
  await sleep(20);
  assert.equal(drained, false);
  await readAll(from, length);
  await end;
  assert.equal(facts.tell({ kind: 'ready' }), true);
  assert.equal(await readAll(from, 17), '{"kind":"ready"}\n');
  closeSync(from);
});

test('a hostd that has gone takes everything, and nothing of it is kept', async () => {
  const [from, to] = native.pipe();
  const facts = openFacts(to);
  closeSync(from);
  facts.tell({ kind: 'ready' });
  await sleep(20);
  assert.equal(facts.tell(...roundOf(10_000)), true);
  await facts.drained();
  const none = openFacts(null);
  assert.equal(none.tell({ kind: 'ready' }), true);
  await none.drained();
});
