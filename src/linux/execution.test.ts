import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { executionTrouble, explainExecution } from './execution.ts';

const trouble = (head: string) => executionTrouble('/srv/start', head, path => path === '/bin/sh');

test('what the first line of a script has to do with it is told', () => {
  assert.match(trouble('#!/bin/sh\r\nexit\r\n') ?? '', /ends as on Windows, in CR and LF; try: sed -i /);
  assert.match(trouble('exec gunicorn\n') ?? '', /has no first line that says who reads it/);
  assert.match(
    trouble('#!/srv/old/bin/python\n') ?? '',
    /is read by "\/srv\/old\/bin\/python", which does not exist/,
  );
  assert.match(trouble('#! /usr/bin/none -u\n') ?? '', /"\/usr\/bin\/none"/);
  for (const head of ['#!/bin/sh\n', '#! /bin/sh -e\n', '\x7fELF\x02'])
    assert.equal(trouble(head), null, head);
});

test('a failure names the directory, another is left as it is, and a file is read as its user', () => {
  const directory = mkdtempSync(`${tmpdir()}/execution-`);
  try {
    const file = `${directory}/start`;
    writeFileSync(file, 'no script');
    chmodSync(file, 0o755);
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const said = 'cannot execute its command: ENOEXEC';
    assert.equal(
      explainExecution(said, { file, directory, owner }),
      `${said}: ${executionTrouble(file, 'no', () => true)}`,
    );
    assert.equal(explainExecution(said, { file: `${file}.none`, directory, owner }), said);
    const other = 'cannot enter its directory: ENOENT';
    const named = `cannot enter its directory "${directory}": ENOENT`;
    assert.equal(explainExecution(other, { file, directory, owner }), named);
    assert.equal(explainExecution(other, { file, directory: null, owner }), other);
    const third = 'cannot become its user: EPERM';
    assert.equal(explainExecution(third, { file, directory, owner }), third);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
