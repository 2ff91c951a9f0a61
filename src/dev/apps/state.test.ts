import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appState } from './state.ts';

test('an app that was stopped by a key is told from one that nobody needs, and from one that fell over', () => {
  const down = { kind: 'stopped', run: 1 } as const;
  assert.equal(appState(down, true), 'waiting');
  assert.equal(appState(down, false), 'stopped');
  const how = { code: 0, signal: null };
  assert.equal(appState({ kind: 'exited', run: 1, how }, true), 'failed');
  assert.equal(appState({ kind: 'fatal', run: 1, why: 'no' }, true), 'failed');
});

test('one that is ending is what it will be: a request waits for it, or is told that it is stopped', () => {
  assert.equal(appState({ kind: 'stopping', run: 1, next: 'starting' }, true), 'starting');
  assert.equal(appState({ kind: 'stopping', run: 1, next: 'stopped' }, true), 'waiting');
  assert.equal(appState({ kind: 'stopping', run: 1, next: 'stopped' }, false), 'stopped');
});
