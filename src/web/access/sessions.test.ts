import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sessions } from './sessions.ts';

const hour = 60 * 60_000;

test('a session is found by its secret, from where it began, until it ends', () => {
  const counts: number[] = [];
  const sessions = new Sessions(count => counts.push(count));
  const secret = sessions.begin('admin', 'uid 1', 0);
  const found = sessions.find(secret, 'uid 1', 1);
  assert.equal(found?.user, 'admin');
  assert.equal(sessions.find(secret, 'uid 2', 1), null);
  assert.equal(sessions.find(`${secret}x`, 'uid 1', 1), null);
  assert.equal(found?.ending.signal.aborted, false);
  sessions.end(secret);
  assert.equal(found?.ending.signal.aborted, true);
  assert.equal(sessions.find(secret, 'uid 1', 2), null);
  assert.deepEqual(counts, [1, 0]);
});

test('a session ends an hour after its last use, and after half a day in any case', () => {
  const sessions = new Sessions();
  const idle = sessions.begin('admin', 'a', 0);
  assert.ok(sessions.find(idle, 'a', 0.9 * hour));
  assert.ok(sessions.find(idle, 'a', 1.8 * hour));
  assert.equal(sessions.find(idle, 'a', 2.8 * hour), null);
  const busy = sessions.begin('admin', 'a', 0);
  for (let at = 0; at < 12; at += 0.5) assert.ok(sessions.find(busy, 'a', at * hour));
  assert.equal(sessions.find(busy, 'a', 12 * hour), null);
  sessions.end(busy);
});

test('a form is sent once, and only by its own session', () => {
  const sessions = new Sessions();
  const [one, other] = ['a', 'b'].map(source => sessions.find(sessions.begin('admin', source, 0), source, 0));
  const form = one?.newForm() ?? '';
  assert.equal(other?.useForm(form), false);
  assert.equal(one?.useForm(form), true);
  assert.equal(one?.useForm(form), false);
  assert.notEqual(one?.token, other?.token);
  const first = one?.newForm() ?? '';
  for (let i = 0; i < 1000; i++) one?.newForm();
  assert.equal(one?.useForm(first), false);
});

test('one source cannot end the sessions of another by beginning many', () => {
  const sessions = new Sessions();
  const mine = sessions.begin('admin', 'mine', 0);
  const theirs = Array.from({ length: 100 }, () => sessions.begin('admin', 'theirs', 1));
  assert.ok(sessions.find(mine, 'mine', 2));
  assert.equal(theirs.filter(secret => sessions.find(secret, 'theirs', 2) !== null).length, 16);
});
