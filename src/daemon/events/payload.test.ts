// Events as listeners read them, byte for byte.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '../../lifecycle/process.ts';
import { type Event, includes, nameOfEvent, type ProcessStateEvent } from '../../protocol/events.ts';
import { messageOf, payloadOf } from './payload.ts';
import { transitionsBetween } from './transitions.ts';

const about = { program: 'g:p', process: 'p', group: 'g' };
const state = (to: ProcessStateEvent['to'], from: ProcessStateEvent['from']): Event => ({
  kind: 'process-state',
  ...about,
  to,
  from,
  tries: 2,
  expected: false,
  pid: 7,
  idle: false,
});
const log = (data: Buffer): Event => ({ kind: 'process-log', ...about, channel: 'stdout', pid: 7, data });

const cases: readonly [Event, name: string, payload: string][] = [
  [
    { ...state('STOPPED', 'STOPPING'), idle: true } as Event,
    'PROCESS_STATE_STOPPED',
    'processname:p groupname:g from_state:STOPPING pid:7 idle:1',
  ],
  [
    state('STARTING', 'BACKOFF'),
    'PROCESS_STATE_STARTING',
    'processname:p groupname:g from_state:BACKOFF tries:2',
  ],
  [
    state('BACKOFF', 'STARTING'),
    'PROCESS_STATE_BACKOFF',
    'processname:p groupname:g from_state:STARTING tries:2',
  ],
  [
    state('RUNNING', 'STARTING'),
    'PROCESS_STATE_RUNNING',
    'processname:p groupname:g from_state:STARTING pid:7',
  ],
  [
    state('EXITED', 'RUNNING'),
    'PROCESS_STATE_EXITED',
    'processname:p groupname:g from_state:RUNNING expected:0 pid:7',
  ],
  [
    state('STOPPED', 'STOPPING'),
    'PROCESS_STATE_STOPPED',
    'processname:p groupname:g from_state:STOPPING pid:7',
  ],
  [state('FATAL', 'BACKOFF'), 'PROCESS_STATE_FATAL', 'processname:p groupname:g from_state:BACKOFF'],
  [log(Buffer.from('é\n')), 'PROCESS_LOG_STDOUT', 'processname:p groupname:g pid:7 channel:stdout\né\n'],
  [
    log(Buffer.from([0x88, 10, 0x27])),
    'PROCESS_LOG_STDOUT',
    `processname:p groupname:g pid:7 channel:stdout\nUndecodable: b"\\x88\\n'"`,
  ],
  [
    { kind: 'process-communication', ...about, channel: 'stderr', pid: 7, data: Buffer.from('x') },
    'PROCESS_COMMUNICATION_STDERR',
    'processname:p groupname:g pid:7\nx',
  ],
  [{ kind: 'remote-communication', type: 't', data: 'd' }, 'REMOTE_COMMUNICATION', 'type:t\nd'],
  [{ kind: 'supervisor-state', state: 'STOPPING' }, 'SUPERVISOR_STATE_CHANGE_STOPPING', ''],
  [{ kind: 'tick', period: 3600, when: 7200 }, 'TICK_3600', 'when:7200'],
  [{ kind: 'process-group', change: 'REMOVED', group: 'g' }, 'PROCESS_GROUP_REMOVED', 'groupname:g\n'],
];

test('each event has its name and its payload', () => {
  for (const [event, name, payload] of cases) {
    assert.equal(nameOfEvent(event), name);
    assert.equal(payloadOf(event), payload);
  }
});

test('the header counts characters, as Supervisor does', () => {
  const envelope = { server: 'supervisor', pool: 'l', serial: 3, poolSerial: 1 };
  assert.equal(
    messageOf({ kind: 'remote-communication', type: 't', data: 'é😀' }, envelope).toString(),
    'ver:3.0 server:supervisor serial:3 pool:l poolserial:1 eventname:REMOTE_COMMUNICATION len:9\ntype:t\né😀',
  );
});

test('output is told as it came, whatever its characters', () => {
  const envelope = { server: 'supervisor', pool: 'l', serial: 3, poolSerial: 1 };
  for (const [data, text, length] of [
    ['one\n', 'one\n', 4],
    ['é😀', 'é😀', 2],
    [Buffer.from([0xff]), "Undecodable: b'\\xff'", 20],
    ['', '', 0],
  ] as const)
    assert.equal(
      messageOf(log(Buffer.from(data as string)), envelope).toString(),
      `ver:3.0 server:supervisor serial:3 pool:l poolserial:1 eventname:PROCESS_LOG_STDOUT len:${47 + length}\nprocessname:p groupname:g pid:7 channel:stdout\n${text}`,
    );
});

test('a name stands for all below it', () => {
  assert.ok(includes('EVENT', 'TICK_5'));
  assert.ok(includes('PROCESS_STATE', 'PROCESS_STATE_FATAL'));
  assert.ok(includes('TICK_5', 'TICK_5'));
  assert.ok(!includes('TICK_5', 'TICK_60'));
  assert.ok(!includes('PROCESS_LOG', 'PROCESS_STATE_FATAL'));
});

test('steps that hostd takes at once are told one by one', () => {
  const told = (before: State, after: State, code: number | null = 1) =>
    transitionsBetween(before, after, { code, signal: null }, [0]).map(
      ({ from, to, tries, expected }) => `${from} ${to} ${tries} ${expected}`,
    );
  const starting = (tries: number, run = 1): State => ({ kind: 'starting', run, tries, since: null });
  const running: State = { kind: 'running', run: 1, tries: 0, since: 0 };
  const backoff: State = { kind: 'backoff', run: 1, tries: 2, why: '', until: 0 };
  assert.deepEqual(told(running, starting(0, 2)), ['RUNNING EXITED 0 false', 'EXITED STARTING 0 false']);
  assert.deepEqual(told(running, { kind: 'exited', run: 1, how: { code: 0, signal: null } }, 0), [
    'RUNNING EXITED 0 true',
  ]);
  assert.deepEqual(told(starting(1), backoff), ['STARTING BACKOFF 2 false']);
  assert.deepEqual(told(starting(3), { kind: 'fatal', run: 1, why: '' }), [
    'STARTING BACKOFF 4 false',
    'BACKOFF FATAL 0 false',
  ]);
  assert.deepEqual(told({ kind: 'stopping', run: 1, next: 'starting' }, starting(0, 2)), [
    'STOPPING STOPPED 0 false',
    'STOPPED STARTING 0 false',
  ]);
  assert.deepEqual(told({ kind: 'stopped', run: 1 }, { kind: 'stopped', run: 5 }), []);
});
