// What reread reports as changed: every value counts, but not the path of a log in childlogdir.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameGroup } from './compare.ts';
import type { Channel, GroupConfig, ProcessConfig } from './config.ts';

const channel: Channel = {
  log: { kind: 'auto' },
  captureMaxBytes: 0,
  eventsEnabled: false,
  syslog: false,
  backups: 10,
  maxBytes: 1024,
};
const process: ProcessConfig = {
  name: 'a',
  uid: null,
  command: 'cat',
  directory: null,
  umask: null,
  priority: 999,
  autostart: true,
  autorestart: 'unexpected',
  startsecs: 1,
  startretries: 3,
  stdout: channel,
  stderr: channel,
  stopsignal: 15,
  stopwaitsecs: 10,
  stopasgroup: false,
  killasgroup: false,
  exitcodes: [0],
  redirectStderr: false,
  environment: new Map([['A', '1']]),
  serverurl: null,
};
const group = (changed: Partial<ProcessConfig> = {}, priority = 999): GroupConfig => ({
  kind: 'group',
  name: 'a',
  priority,
  processes: [{ ...process, ...changed }],
});

test('a group is the same as one that was read again', () => {
  assert.ok(sameGroup(group(), group({ environment: new Map([['A', '1']]) })));
});

test('each value makes another group', () => {
  const changes: Partial<ProcessConfig>[] = [
    { command: 'dog' },
    { uid: 0 },
    { umask: 0 },
    { autostart: false },
    { exitcodes: [0, 2] },
    { environment: new Map([['A', '2']]) },
    { stdout: { ...channel, backups: 3 } },
    { stderr: { ...channel, eventsEnabled: true } },
    { serverurl: 'unix:///x' },
  ];
  for (const changed of changes) assert.ok(!sameGroup(group(), group(changed)), JSON.stringify(changed));
  assert.ok(!sameGroup(group(), group({}, 5)));
});

test('from AUTO to a path is no change to Supervisor, from one path to another is', () => {
  const at = (path: string) => group({ stdout: { ...channel, log: { kind: 'file', path } } });
  assert.ok(sameGroup(group(), at('/x')));
  assert.ok(!sameGroup(at('/x'), at('/y')));
});

test('a listener with other events is another group', () => {
  const pool = (events: readonly string[]): GroupConfig => ({
    kind: 'eventlistener',
    name: 'a',
    priority: -1,
    processes: [process],
    bufferSize: 10,
    events,
    resultHandler: 'x:y',
  });
  assert.ok(sameGroup(pool(['TICK_5', 'EVENT']), pool(['EVENT', 'TICK_5'])));
  assert.ok(!sameGroup(pool(['TICK_5']), pool(['TICK_60'])));
  assert.ok(!sameGroup(pool(['TICK_5']), group()));
});
