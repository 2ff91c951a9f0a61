import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '../lifecycle/process.ts';
import { mayHalfClose } from './half-close.ts';

const running: State = { kind: 'running', run: 1, tries: 0, since: 0 };
const starting: State = { kind: 'starting', run: 2, tries: 0, since: null };
const stopping: State = { kind: 'stopping', run: 1, next: 'stopped' };
const stopped: State = { kind: 'stopped', run: 1 };

const sync = (state: State) => ({ state, isSync: true });
const other = (state: State) => ({ state, isSync: false });

test('connections are half closed while all that accept are sync workers', () => {
  assert.equal(mayHalfClose([sync(running)]), true);
  assert.equal(mayHalfClose([other(running)]), false);
  assert.equal(mayHalfClose([]), false);
  assert.equal(mayHalfClose([sync(running), other(stopped)]), true);
});

test('of two generations both have to be known', () => {
  assert.equal(mayHalfClose([sync(running), other(starting)]), false);
  assert.equal(mayHalfClose([sync(stopping), sync(running)]), true);
  assert.equal(mayHalfClose([other(stopping), sync(running)]), false);
});

test('nobody knows what follows one that stops or is to be started again', () => {
  assert.equal(mayHalfClose([sync(stopping)]), false);
  assert.equal(mayHalfClose([sync(starting)]), false);
});
