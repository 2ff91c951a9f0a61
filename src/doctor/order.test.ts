import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Check, made, type Severity } from './finding.ts';
import { inOrder } from './order.ts';

const finding = (check: Check, severity: Severity, explains = false) =>
  made(check, severity, check, null, { explains });
const order = (...all: readonly ReturnType<typeof finding>[]) => inOrder(all).map(({ check }) => check);

test('errors come before warnings, and those before notes, each in the order of the way', () => {
  const all = [
    finding('log', 'note'),
    finding('secret', 'error'),
    finding('name', 'warning'),
    finding('django', 'error'),
  ];
  assert.deepEqual(order(...all), ['django', 'secret', 'name', 'log']);
});

test('a program that is down comes after what can be the reason for it', () => {
  assert.deepEqual(order(finding('program', 'error'), finding('disk', 'error', true)), ['disk', 'program']);
  assert.deepEqual(
    order(finding('request', 'error'), finding('database', 'error', true), finding('program', 'error')),
    ['database', 'program', 'request'],
  );
  assert.deepEqual(order(finding('request', 'error'), finding('log', 'error', true)), ['log', 'request']);
});

test('a hostd that is down comes after files that it cannot start with', () => {
  assert.deepEqual(order(finding('daemon', 'error'), finding('configuration', 'error', true)), [
    'configuration',
    'daemon',
  ]);
  assert.deepEqual(order(finding('daemon', 'error'), finding('configuration', 'warning')), [
    'daemon',
    'configuration',
  ]);
});

test('what is no reason stays behind what is down', () => {
  assert.deepEqual(order(finding('program', 'error'), finding('secret', 'error')), ['program', 'secret']);
  assert.deepEqual(order(finding('program', 'error', true), finding('code', 'error', true)), [
    'program',
    'code',
  ]);
});
