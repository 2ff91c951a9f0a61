import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '../../lifecycle/process.ts';
import { type Change, happeningsOf } from './causes.ts';

const running: State = { kind: 'running', run: 1, tries: 0, since: 0 };
const stopping: State = { kind: 'stopping', run: 1, next: 'stopped' };
const stopped: State = { kind: 'stopped', run: 1 };
const starting: State = { kind: 'starting', run: 2, tries: 0, since: null };
const alice = { what: 'stop', user: 'alice' };

const words = (change: Partial<Change>) =>
  happeningsOf({
    name: 'hello',
    before: running,
    after: running,
    lastExit: null,
    exitcodes: [0],
    pid: 7,
    asker: null,
    unasked: null,
    memory: null,
    ...change,
  }).map(({ kind, cause }) => `${kind}: ${cause}`);

const cases: readonly [what: string, change: Partial<Change>, words: readonly string[]][] = [
  ['a stop says who', { after: stopping, asker: alice }, ['stopping: stop, by alice']],
  ['its end does, too', { before: stopping, after: stopped, asker: alice }, ['stopped: stop, by alice']],
  [
    'a restart by a signal to hostd',
    { before: stopping, after: starting, asker: { what: 'SIGHUP', user: null } },
    ['stopped: SIGHUP', 'starting: SIGHUP'],
  ],
  [
    'a crash, and the start that follows',
    { after: starting, lastExit: { code: 3, signal: null } },
    ['exited: exit status 3', 'starting: after its exit'],
  ],
  [
    'a kill for memory',
    { after: starting, lastExit: { code: null, signal: 'SIGKILL' }, memory: 'the kernel was short of it' },
    ['oom: the kernel was short of it', 'exited: ended by SIGKILL', 'starting: after its exit'],
  ],
  [
    'an end that was expected',
    {
      after: { kind: 'exited', run: 1, how: { code: 0, signal: null } },
      lastExit: { code: 0, signal: null },
    },
    ['exited: exit status 0, as expected'],
  ],
  [
    'a start that fails, to be tried again',
    {
      before: { ...starting, since: 1 },
      after: { kind: 'backoff', run: 2, tries: 1, why: 'exited too quickly', until: 9 },
      lastExit: { code: 1, signal: null },
    },
    ['backoff: exited too quickly (exit status 1)'],
  ],
  [
    'the next try',
    {
      before: { kind: 'backoff', run: 2, tries: 1, why: 'x', until: 9 },
      after: { kind: 'starting', run: 3, tries: 1, since: null },
    },
    ['starting: try 2'],
  ],
  [
    'the last one',
    {
      before: { ...starting, since: 1 },
      after: { kind: 'fatal', run: 2, why: 'cannot find command "x"' },
    },
    ['fatal: cannot find command "x"'],
  ],
  [
    'RUNNING without an answer',
    { before: { ...starting, since: 1 }, after: { ...running, run: 2 }, unasked: 'no probe' },
    ['running: health unknown: no probe'],
  ],
  ['nothing', {}, []],
];

for (const [what, change, expected] of cases)
  test(what, () => {
    assert.deepEqual(words(change), expected);
  });

test('how it ended is told in numbers, too, and by whom', () => {
  const change: Change = {
    name: 'hello',
    before: running,
    after: starting,
    lastExit: { code: null, signal: 'SIGSEGV' },
    exitcodes: [0],
    pid: 7,
    asker: null,
    unasked: null,
    memory: null,
  };
  assert.deepEqual(happeningsOf(change)[0], {
    kind: 'exited',
    name: 'hello',
    cause: 'ended by SIGSEGV',
    expected: false,
    pid: 7,
    exitstatus: null,
    signal: 'SIGSEGV',
  });
  assert.deepEqual(happeningsOf({ ...change, after: stopping, lastExit: null, asker: alice }), [
    { kind: 'stopping', name: 'hello', cause: 'stop, by alice', by: 'alice' },
  ]);
});
