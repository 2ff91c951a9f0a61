import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitOf } from './exit.ts';
import { nameOfSignal, numberOfSignal } from './signals.ts';

test('a signal has the name that everybody knows, and its number again', () => {
  const cases = {
    1: 'SIGHUP',
    6: 'SIGABRT',
    9: 'SIGKILL',
    17: 'SIGCHLD',
    29: 'SIGPOLL',
    34: 'SIGRTMIN',
    64: 'SIGRTMAX',
  };
  for (const [number, name] of Object.entries(cases)) assert.equal(nameOfSignal(Number(number)), name);
  assert.equal(nameOfSignal(40), 'signal 40');
  for (let number = 0; number <= 64; number++) assert.equal(numberOfSignal(nameOfSignal(number)), number);
});

test('how a child has ended', () => {
  assert.deepEqual(exitOf({ code: 3, signal: null }), { code: 3, signal: null });
  assert.deepEqual(exitOf({ code: null, signal: 6, dumped: true }), {
    code: null,
    signal: 'SIGABRT',
    dumped: true,
  });
  assert.deepEqual(exitOf(null), { code: null, signal: null });
});
