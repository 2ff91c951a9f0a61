import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mendOf } from './name-state.ts';

const wanted = { uid: 0, gid: 33, mode: 0o660 };

test('the socket with its rights is left alone', () => {
  assert.equal(mendOf({ kind: 'held', ...wanted }, wanted), 'nothing');
});

test('chown -R and chmod -R are undone', () => {
  assert.equal(mendOf({ kind: 'held', ...wanted, uid: 1001 }, wanted), 'rights');
  assert.equal(mendOf({ kind: 'held', ...wanted, gid: 1001 }, wanted), 'rights');
  assert.equal(mendOf({ kind: 'held', ...wanted, mode: 0o640 }, wanted), 'rights');
});

test('rights that are not known are left alone', () => {
  assert.equal(mendOf({ kind: 'held', ...wanted, uid: 1001 }, null), 'nothing');
});

test('a socket that has been removed or covered gets its name back', () => {
  assert.equal(mendOf({ kind: 'missing' }, wanted), 'name');
  assert.equal(mendOf({ kind: 'other', listens: false }, wanted), 'name');
});

test('a program that listens there by itself keeps its visitors', () => {
  assert.equal(mendOf({ kind: 'other', listens: true }, wanted), 'leave');
});

test('what cannot be looked at is told, and left', () => {
  assert.equal(mendOf({ kind: 'hidden', why: 'EACCES' }, wanted), 'nothing');
});
