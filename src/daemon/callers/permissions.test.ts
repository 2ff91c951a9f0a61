import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandHandlers, type Daemon } from '../control/commands.ts';
import {
  type Belonging,
  callerOf,
  operatorsMay,
  refusal,
  type Standing,
  standingOf,
  webMay,
  webRefusal,
} from './permissions.ts';

const standings: readonly Standing[] = ['proxy', 'root', 'proxy user', 'root group', 'unknown'];
const terminals = ['exec', 'shell', 'django', 'attach'];

const hello: Belonging = {
  isProxy: false,
  uid: 1000,
  groups: ['webapps', 'hello'],
  proxyUid: 33,
  ownUid: 0,
};

test('root is whoever has uid 0, or is the user that hostd runs as', () => {
  assert.equal(callerOf(0, 0), 'root');
  assert.equal(callerOf(1000, 0), 'operator');
  assert.equal(callerOf(1000, 1000), 'root');
  assert.equal(callerOf(0, 1000), 'root');
});

test('only a program whose user can reach no further than the app is ordinary', () => {
  assert.equal(standingOf(hello), 'ordinary');
  assert.equal(standingOf({ ...hello, isProxy: true }), 'proxy');
  assert.equal(standingOf({ ...hello, uid: 0 }), 'root');
  assert.equal(standingOf({ ...hello, ownUid: 1000 }), 'root');
  assert.equal(standingOf({ ...hello, uid: 33 }), 'proxy user');
  assert.equal(standingOf({ ...hello, uid: null }), 'unknown');
  for (const group of ['root', 'docker', 'disk', 'shadow', 'sudo'])
    assert.equal(standingOf({ ...hello, groups: ['hello', group] }), 'root group', group);
  assert.equal(standingOf({ ...hello, groups: ['www-data'] }), 'ordinary');
});

for (const [act, rule] of Object.entries(operatorsMay))
  test(`${act}: operators ${{ yes: 'may', programs: 'may, of an ordinary program', signals: 'may, with harmless signals' }[rule]}`, () => {
    const ordinary = { name: 'hello', standing: 'ordinary' } as const;
    assert.equal(refusal('operator', act, ordinary, 'SIGKILL'), null);
    for (const standing of standings) {
      const target = { name: 'x', standing };
      assert.equal(refusal('root', act, target, 'SIGUSR1'), null);
      const refused = refusal('operator', act, target, 'SIGUSR1');
      if (rule === 'yes') assert.equal(refused, null);
      else assert.match(refused ?? '', /^cannot .* "x": .*, and you are not root$/, standing);
    }
  });

test('what ends a program, or has it read its files anew, may be sent to any; what harms may not', () => {
  for (const standing of standings) {
    const send = (signal: string) => refusal('operator', 'POST /signal', { name: 'x', standing }, signal);
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']) assert.equal(send(signal), null);
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGSTOP', 'SIGKILL', 'SIGABRT', 'SIGSEGV', 'SIGTSTP'])
      assert.match(send(signal) ?? '', new RegExp(`^cannot send ${signal} to "x": `));
  }
});

test("what is not in the table is root's alone", () => {
  assert.equal(refusal('operator', 'POST /format'), 'cannot do "POST /format": root alone may');
  assert.equal(refusal('operator', 'constructor'), 'cannot do "constructor": root alone may');
  assert.equal(refusal('root', 'POST /format'), null);
});

test('the page in the browser may nothing that operators may not, and one that is only looked at changes nothing', () => {
  for (const [act, needed] of Object.entries(webMay)) {
    assert.equal(operatorsMay[act], 'yes', act);
    assert.equal(needed === 'read', act.startsWith('GET '), act);
    assert.equal(webRefusal('operate', act), null);
    assert.equal(webRefusal('read', act) === null, needed === 'read');
  }
  for (const act of ['exec', 'shell', 'POST /signal', 'POST /shutdown', 'POST /update', 'constructor'])
    assert.match(webRefusal('operate', act) ?? '', /^cannot do /);
});

test('every call of the control socket has its row, in the table and in the page for people', () => {
  const routes = Object.keys(commandHandlers({} as Daemon));
  assert.deepEqual(Object.keys(operatorsMay).sort(), [...routes, ...terminals].sort());
  const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  for (const act of Object.keys(operatorsMay)) assert.ok(page.includes(`\`${act}\``), act);
});
