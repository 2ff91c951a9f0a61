import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { stoppedAmong, stoppedHostd } from './stopped.ts';

test('a process that SIGSTOP has stopped is found below its parent, and no other', async t => {
  const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const directory = mkdtempSync(`${tmpdir()}/stopped-`);
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(directory, { recursive: true });
  });
  writeFileSync(`${directory}/hostd.lock`, `${pid}\n`);
  assert.deepEqual(stoppedAmong([pid]), []);
  assert.equal(stoppedHostd(directory), null);
  child.kill('SIGSTOP');
  // The kernel tells nobody but the parent's waitpid(2), which Node does not ask.
  while (stoppedAmong([pid]).length === 0) await pause(5);
  assert.deepEqual(stoppedAmong([process.pid]), [pid]);
  assert.equal(stoppedHostd(directory), pid);
  assert.equal(stoppedHostd(`${directory}/none`), null);
});
