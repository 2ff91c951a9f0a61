import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeGoneLogs, judgeLog, lastError, since } from './log.ts';

const boot = `[2026-11-28 11:00:00 +0000] [12] [INFO] Booting worker with pid: 12
[2026-11-28 11:00:01 +0000] [12] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/x/arbiter.py", line 608, in spawn_worker
    worker.init_process()
ModuleNotFoundError: No module named 'markdown'
[2026-11-28 11:00:01 +0000] [12] [INFO] Worker exiting (pid: 12)
[2026-11-28 11:00:02 +0000] [10] [ERROR] Worker (pid:12) exited with code 3.
[2026-11-28 11:00:02 +0000] [10] [ERROR] Shutting down: Master
[2026-11-28 11:00:02 +0000] [10] [ERROR] Reason: Worker failed to boot.
`;
const at = Date.parse('2026-11-28T11:00:01Z');

test('the exception, and not what gunicorn says after it', () => {
  assert.deepEqual(lastError(boot), { text: "ModuleNotFoundError: No module named 'markdown'", at });
});

test('of chained exceptions the last', () => {
  const text = `Traceback (most recent call last):\n  x\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  y\nmy.own.Error: b\n`;
  assert.deepEqual(lastError(text), { text: 'my.own.Error: b', at: null });
});

test('a shell’s complaint, and no error in what is none', () => {
  assert.equal(lastError('/srv/x/run: 3: gunicorn: not found\n')?.text, '/srv/x/run: 3: gunicorn: not found');
  assert.equal(lastError('[2026-11-28 11:00:00 +0000] [1] [INFO] Listening\nGET /error 200\n'), null);
});

test('a text of one line without end takes no time', () => {
  assert.equal(lastError('Traceback (most recent call last):\n'.repeat(20_000)), null);
  assert.equal(lastError(`${'['.repeat(1_000_000)}\n`), null);
});

const facts = { name: 'hello', now: at + 60_000, started: at - 5000, isServing: false };

test('a worker that was killed is a fault while the site does not serve', () => {
  const error = { text: '[ERROR] Worker (pid:6023) was sent SIGKILL! Perhaps out of memory?', at };
  const [found] = judgeLog({ ...facts, error }).findings;
  assert.equal(found?.severity, 'error');
  assert.match(found?.message ?? '', /^a worker was killed, 60 s ago: /);
  assert.equal(judgeLog({ ...facts, error, isServing: true }).findings[0]?.severity, 'warning');
});

test('a timeout says which key is to be changed', () => {
  const [found] = judgeLog({ ...facts, error: { text: '[CRITICAL] WORKER TIMEOUT (pid:9)', at } }).findings;
  assert.match(found?.hint ?? '', /^timeout = 120 /);
});

test('errors of a run that is over, or of yesterday, are left out', () => {
  const error = { text: 'ValueError: x', at };
  assert.equal(judgeLog({ ...facts, error }).findings[0]?.severity, 'note');
  assert.deepEqual(judgeLog({ ...facts, error, started: at + 5000 }).findings, []);
  assert.deepEqual(judgeLog({ ...facts, error, now: at + 90_000_000 }).findings, []);
});

test('ages in words', () => {
  assert.deepEqual([5000, 600_000, 10_000_000, 400_000_000].map(since), ['5 s', '10 min', '3 h', '5 days']);
});

test('a log that was removed is told once, with whoever has it open', () => {
  assert.deepEqual(judgeGoneLogs([]).findings, []);
  const [found, ...more] = judgeGoneLogs([
    { writer: 'hello', path: '/srv/hello/logs/gunicorn_supervisor.log' },
    { writer: 'hostd-proxy', path: '/srv/hello/logs/nginx-access.log' },
  ]).findings;
  assert.deepEqual(more, []);
  assert.equal(
    found?.message,
    'log "/srv/hello/logs/gunicorn_supervisor.log" and 1 more was removed or moved away: what is written now, nobody can read',
  );
  assert.equal(found?.hint, 'hostctl logs --reopen, or: hostctl reload hello hostd-proxy');
});
