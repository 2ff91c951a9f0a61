import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processName, supervisorWords } from './view.ts';

test('what did not start is told in the words of Supervisor', () => {
  assert.equal(supervisorWords('exited too quickly'), 'Exited too quickly (process log may have details)');
  assert.equal(supervisorWords('cannot find command "/x"'), "can't find command '/x'");
  assert.equal(
    supervisorWords('command at "/etc/passwd" is not executable'),
    "command at '/etc/passwd' is not executable",
  );
  assert.equal(supervisorWords('out of memory'), 'out of memory');
});

test('a process has its name without the group', () => {
  assert.equal(processName({ name: 'hello', group: 'hello' }), 'hello');
  assert.equal(processName({ name: 'hello:celery', group: 'hello' }), 'celery');
  assert.equal(processName({ name: 'g:a', group: 'g' }), 'a');
});
