import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { State } from '../../lifecycle/process.ts';
import type { Run } from '../runs/run.ts';
import { openHalfClose, syncRun } from './half-close.ts';
import type { Unit } from './unit.ts';

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

test('the word of one run says nothing of another', t => {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'hostd-half-close-'));
  t.after(() => rmSync(runtimeDir, { recursive: true }));
  mkdirSync(join(runtimeDir, 'half-close'));
  const halfClose = openHalfClose(runtimeDir);
  const run = (marker: string) => ({ marker }) as Run;
  const unit = { state: running, isSync: true, run: run('HOSTD_RUN=app.1') } as Unit;
  halfClose.update('app', [unit]);
  assert.equal(halfClose.isSync('app', run('HOSTD_RUN=app.1')), true);
  assert.equal(halfClose.isSync('app', run('HOSTD_RUN=app.2')), false);
  assert.equal(halfClose.isSync('other', run('HOSTD_RUN=app.1')), false);
  halfClose.update('app', [{ ...unit, isSync: false }]);
  assert.equal(halfClose.isSync('app', run('HOSTD_RUN=app.1')), false);
});
