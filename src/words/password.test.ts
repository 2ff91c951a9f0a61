import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isPasswordDigest,
  memoryOf,
  readPasswordDigest,
  usualCost,
  writePasswordDigest,
} from './password.ts';

const salt = 'YWJjZGVmZ2hpamtsbW5vcA';
const digest = 'q1w2e3r4q1w2e3r4q1w2e3r4q1w2e3r4q1w2e3r4q1w';

test('a digest is read as it was written', () => {
  const one = { ...usualCost, salt, digest };
  assert.deepEqual(readPasswordDigest(writePasswordDigest(one)), one);
  assert.equal(memoryOf(one), 32 * 1024 * 1024);
});

test('a password in clear, other digests, and those that take too little work or too much memory are none', () => {
  for (const text of [
    'geheim',
    '',
    '{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d',
    `$scrypt$ln=15,r=8,p=1$${salt}$`,
    `$scrypt$ln=15,r=8,p=1$${salt}$${digest}=`,
    `$scrypt$ln=4,r=8,p=1$${salt}$${digest}`,
    `$scrypt$ln=20,r=8,p=1$${salt}$${digest}`,
    `$scrypt$ln=15,r=0,p=1$${salt}$${digest}`,
    `$scrypt$ln=15,r=8,p=99$${salt}$${digest}`,
  ])
    assert.equal(isPasswordDigest(text), false, text);
});
