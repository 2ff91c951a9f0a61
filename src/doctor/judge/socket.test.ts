import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SocketFacts } from '../facts.ts';
import { judgeSocket, mayConnect } from './socket.ts';

const file = { isSocket: true, uid: 0, gid: 33, mode: 0o660 };
const caller = { user: 'www-data', uid: 33, groups: [33], closed: null };
const sound: SocketFacts = { file, listens: true, held: true, callers: [caller] };
const judge = (change: Partial<SocketFacts>, isUp = true) =>
  judgeSocket('/r/s', 'hello', { ...sound, ...change }, isUp);
const said = (change: Partial<SocketFacts>, isUp = true) => {
  const [found] = judge(change, isUp).findings;
  return `${found?.message}; ${found?.hint}`;
};

test('a sound socket, also one of another name that hostd holds', () => {
  assert.deepEqual(judge({}).findings, []);
  assert.deepEqual(judge({ listens: false }).findings, []);
});

test('a socket that is missing, covered, or that nobody listens on', () => {
  assert.match(said({ file: null }), /^there is no socket "\/r\/s".*; hostctl restart hello$/);
  assert.match(
    said({ file: null, held: null }, false),
    /since hostd, which makes it, does not run; systemctl start hostd$/,
  );
  assert.match(said({ file: { ...file, isSocket: false } }), /^"\/r\/s" is no socket/);
  assert.match(said({ listens: false, held: false }), /^nobody listens on "\/r\/s"; hostctl restart hello$/);
});

test('who may not connect, and the directory in the way', () => {
  assert.match(
    said({ callers: [{ ...caller, closed: '/home/x' }] }),
    /^"www-data" may not enter "\/home\/x".*setfacl -m u:www-data:x \/home\/x/,
  );
  const nginx = { user: 'nginx', uid: 101, groups: [101], closed: null };
  assert.match(
    said({ callers: [nginx] }),
    /^"nginx" may not connect to "\/r\/s" \(mode 0660, uid 0, gid 33\); \[proxy\] user = "nginx"/,
  );
});

test('what this user may not see is no fault', () => {
  assert.deepEqual(judge({ file: 'closed' }), {
    findings: [],
    unseen: [{ check: 'socket', why: 'this user may not look at "/r/s"' }],
  });
});

test('connect(2) needs the right to write', () => {
  assert.ok(mayConnect(file, { uid: 33, groups: [33] }));
  assert.ok(mayConnect(file, { uid: 0, groups: [] }));
  assert.ok(!mayConnect(file, { uid: 1, groups: [1] }));
  assert.ok(!mayConnect({ ...file, mode: 0o460 }, { uid: 5, groups: [5] }));
  assert.ok(mayConnect({ ...file, mode: 0o666 }, { uid: 1, groups: [1] }));
});
