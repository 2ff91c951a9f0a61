import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '../../lifecycle/process.ts';
import { syncRun } from './half-close.ts';

const running: State = { kind: 'running', run: 1, tries: 0, since: 0 };
const starting: State = { kind: 'starting', run: 2, tries: 0, since: null };
const stopping: State = { kind: 'stopping', run: 1, next: 'stopped' };
const stopped: State = { kind: 'stopped', run: 1 };

const sync = (state: State) => ({ state, isSync: true, run: `run ${state.run}` });
const other = (state: State) => ({ state, isSync: false, run: `run ${state.run}` });

test('connections are half closed while all that accept are sync workers', () => {
  assert.equal(syncRun([sync(running)]), 'run 1');
  assert.equal(syncRun([other(running)]), null);
  assert.equal(syncRun([]), null);
  assert.equal(syncRun([sync(running), other(stopped)]), 'run 1');
});

test('of two generations both have to be known', () => {
  assert.equal(syncRun([sync(running), other(starting)]), null);
  assert.equal(syncRun([sync(stopping), sync(running)]), 'run 1');
  assert.equal(syncRun([other(stopping), sync(running)]), null);
});

test('nobody knows what follows one that stops or is to be started again', () => {
  assert.equal(syncRun([sync(stopping)]), null);
  assert.equal(syncRun([sync(starting)]), null);
});
