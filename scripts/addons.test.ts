import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, needsOf } from './addons.ts';

/** A file that begins as an ELF file for this machine does, and names these versions. */
function elf(machine: number, names: string): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head.writeUInt16LE(machine, 18);
  return Buffer.concat([head, Buffer.from(names)]);
}

test('the newest glibc that an addon names counts, by number', () => {
  assert.deepEqual(needsOf(elf(62, 'GLIBC_2.2.5\0GLIBC_2.28\0GLIBC_2.4\0')), { machine: 62, glibc: '2.28' });
  assert.deepEqual(needsOf(elf(183, 'GLIBC_2.34\0GLIBC_2.9\0')), { machine: 183, glibc: '2.34' });
  assert.deepEqual(needsOf(elf(183, '')), { machine: 183, glibc: '0' });
  assert.deepEqual(needsOf(Buffer.from('#!/bin/sh\n')), { machine: -1, glibc: '0' });
});

test('versions are compared by their numbers', () => {
  const sorted = ['2.34', '2.4', '2.2.5', '2.28', '2.2'].sort(compare);
  assert.deepEqual(sorted, ['2.2', '2.2.5', '2.4', '2.28', '2.34']);
});
