import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { findCommand } from './command.ts';
import { fileAt, reach } from './reach.ts';

test('a command is found behind entries of PATH that are missing, no directories, or closed to this user', t => {
  const place = mkdtempSync(`${tmpdir()}/reach-`);
  t.after(() => rmSync(place, { recursive: true }));
  writeFileSync(`${place}/tool`, '#!/bin/sh\n');
  chmodSync(`${place}/tool`, 0o755);
  symlinkSync('loop', `${place}/loop`);
  symlinkSync('nowhere', `${place}/dangling`);
  const path = ['/nonexistent', `${place}/tool`, `${place}/loop`, place].join(':');
  assert.equal(findCommand('tool', path, '/'), `${place}/tool`);
  assert.equal(reach(`${place}/dangling`), 'missing');
  assert.equal(fileAt(place), null);
  const { getuid, seteuid } = process;
  if (getuid?.() !== 0 || seteuid === undefined) return;
  const closed = mkdtempSync(`${tmpdir()}/reach-closed-`);
  t.after(() => rmSync(closed, { recursive: true }));
  writeFileSync(`${closed}/tool`, '');
  chmodSync(place, 0o755);
  process.seteuid?.(65534);
  try {
    assert.equal(reach(`${closed}/tool`), 'closed');
    assert.equal(findCommand('tool', `${closed}:${place}`, '/'), `${place}/tool`);
  } finally {
    process.seteuid?.(0);
  }
});
