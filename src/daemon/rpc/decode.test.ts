import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLine } from './decode.ts';

const decode = (value: unknown) => decodeLine(JSON.stringify(value));
const question = (kind: string, ask: unknown, uid: unknown = null) => ({ id: 1, uid, kind, ask });

test('each kind of question is understood, and nothing that is not asked for comes through', () => {
  const process = { group: 'g', name: 'n' };
  const all: readonly [kind: string, ask: object][] = [
    ['processes', { groups: null }],
    ['processes', { groups: ['g'] }],
    ['configurations', {}],
    ['start', { ...process, wait: true, isOneOfMany: true }],
    ['stop', { ...process, wait: false }],
    ['signal', { ...process, signal: 1 }],
    ['reread', {}],
    ['addGroup', { group: 'g' }],
    ['removeGroup', { group: 'g' }],
    ['readLog', { log: 'main', offset: -5, length: 5 }],
    ['readLog', { log: { ...process, channel: 'stderr' }, offset: 0, length: 0 }],
    ['clearLog', { log: 'main' }],
    ['clearLog', process],
    ['follow', { log: 'main', bytes: 1024 }],
    ['writeStdin', { ...process, bytes: '' }],
    ['remoteEvent', { type: 't', data: 'd' }],
    ['shutdown', {}],
    ['restart', {}],
  ];
  for (const [kind, ask] of all)
    assert.deepEqual(
      decode({ ...question(kind, { ...ask, path: '/etc/shadow' }, 5), more: 1 }),
      question(kind, ask, 5),
      kind,
    );
  assert.deepEqual(decode({ id: 3, kind: 'next' }), { id: 3, kind: 'next' });
  assert.deepEqual(decode({ id: 3, kind: 'cancel', ask: {} }), { id: 3, kind: 'cancel' });
});

test('anything else is nothing', () => {
  const bad = [
    null,
    [],
    5,
    {},
    question('exec', {}),
    question('constructor', {}),
    question('start', { group: 'g', name: 'n' }),
    question('start', { group: 'g', name: 5, wait: true }),
    question('signal', { group: 'g', name: 'n', signal: -9 }),
    question('readLog', { log: '/etc/shadow', offset: 0, length: 1 }),
    question('readLog', { log: { group: 'g', name: 'n', channel: 'stdin' }, offset: 0, length: 1 }),
    question('readLog', { log: 'main', offset: 1.5, length: 1 }),
    question('readLog', { log: 'main', offset: 0, length: -1 }),
    question('processes', { groups: [1] }),
    question('reread', {}, -1),
    question('reread', null),
    { ...question('reread', {}), id: 'x' },
  ];
  for (const value of bad) assert.equal(decode(value), null, JSON.stringify(value));
  assert.equal(decodeLine('{'), null);
  fc.assert(fc.property(fc.jsonValue(), value => void decode(value)));
});

test('what is said for the log has a level and a bounded text', () => {
  const said = { id: 0, kind: 'say', level: 'error', text: 'x' };
  assert.deepEqual(decodeLine(JSON.stringify({ ...said, more: 1 })), said);
  for (const wrong of [{ level: 'info' }, { text: 7 }, { text: 'x'.repeat(70_000) }])
    assert.equal(decodeLine(JSON.stringify({ ...said, ...wrong })), null);
});
