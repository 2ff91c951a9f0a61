import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Progress } from '../../protocol/control.ts';
import { fakeDaemon, hostctl, json, progress } from './fake-daemon.test.ts';

const end: Progress = { kind: 'end' };

function waiting(name: string, state: 'STARTING' | 'STOPPING' | 'BACKOFF'): Progress {
  return { kind: 'waiting', name, state, description: '' };
}

function done(name: string, outcome: 'ok' | 'noop' | 'failed' | 'unknown', message: string): Progress {
  return { kind: 'done', name, outcome, message };
}

test('start sends the names, prints what was done and exits 0', async t => {
  const daemon = await fakeDaemon(
    t,
    progress(
      waiting('hello', 'STARTING'),
      done('blog', 'noop', 'blog: already started'),
      done('hello', 'ok', 'hello: started'),
      end,
    ),
  );
  // On a machine that is busy for a moment, it says what it waits for.
  const { stderr, ...ran } = await hostctl(['start', 'hello', 'blog', '--socket', daemon.socket]);
  assert.deepEqual(ran, { code: 0, stdout: 'blog: already started\nhello: started\n' });
  assert.match(stderr, /^(waiting for hello: STARTING\n)?$/);
  assert.deepEqual(daemon.asked, [{ method: 'POST', url: '/v1/start', body: { names: ['hello', 'blog'] } }]);
});

test('stop of a program that does not run is no failure', async t => {
  const { socket } = await fakeDaemon(t, progress(done('hello', 'noop', 'hello: not running'), end));
  assert.deepEqual(await hostctl(['stop', 'hello', '--socket', socket]), {
    code: 0,
    stdout: 'hello: not running\n',
    stderr: '',
  });
});

test('one failure among successes exits 1 and goes to stderr', async t => {
  const { socket } = await fakeDaemon(
    t,
    progress(
      done('zzz', 'unknown', 'zzz: no such program'),
      done('hello', 'ok', 'hello: restarted'),
      done('blog', 'failed', "blog: cannot execute '/x': \u001b[31mno such file"),
      end,
    ),
  );
  assert.deepEqual(await hostctl(['restart', 'zzz', 'hello', 'blog', '--socket', socket]), {
    code: 1,
    stdout: 'hello: restarted\n',
    stderr:
      "hostctl: zzz: no such program\n  try: hostctl status\nhostctl: blog: cannot execute '/x': \\x1b[31mno such file\n",
  });
});

test('a slow command says what it waits for, a line for each change', async t => {
  const { socket } = await fakeDaemon(
    t,
    progress(
      waiting('hello', 'STARTING'),
      waiting('blog', 'STARTING'),
      600,
      waiting('hello', 'BACKOFF'),
      waiting('hello', 'BACKOFF'),
      done('hello', 'failed', 'hello: exited too quickly'),
      done('blog', 'ok', 'blog: started'),
      end,
    ),
  );
  assert.deepEqual(await hostctl(['start', 'all', '--socket', socket]), {
    code: 1,
    stdout: 'blog: started\n',
    stderr:
      'waiting for hello: STARTING\nwaiting for blog: STARTING\nwaiting for hello: BACKOFF\n' +
      'hostctl: hello: exited too quickly\n',
  });
});

test('on a terminal the waiting is one line that goes away', async t => {
  const { socket } = await fakeDaemon(
    t,
    progress(waiting('hello', 'STOPPING'), 600, done('hello', 'ok', 'hello: stopped'), end),
  );
  assert.deepEqual(await hostctl(['stop', 'hello', '--socket', socket], { isTerminal: true }), {
    code: 0,
    stdout: 'hello: stopped\n',
    stderr: 'waiting for hello: STOPPING\r\u001b[K',
  });
});

test('a daemon that dies in the middle is an error, not a success', async t => {
  const { socket } = await fakeDaemon(t, progress(done('blog', 'ok', 'blog: stopped'), 50, 'die'));
  assert.deepEqual(await hostctl(['stop', 'all', '--socket', socket]), {
    code: 1,
    stdout: 'blog: stopped\n',
    stderr:
      'hostctl: cannot say how it ended: hostd closed the connection before it had finished\n' +
      '  try: hostctl status, or: journalctl -u hostd\n',
  });
});

test('an answer without its last line is an error', async t => {
  const { socket } = await fakeDaemon(t, progress(done('blog', 'ok', 'blog: stopped')));
  const { code, stdout } = await hostctl(['stop', 'all', '--socket', socket]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: 'blog: stopped\n' });
});

test('Ctrl-C stops the waiting and says that hostd carries on', async t => {
  const { socket } = await fakeDaemon(t, progress(waiting('hello', 'STOPPING'), 300));
  const ran = await hostctl(['stop', 'hello', '--socket', socket], {
    onInterrupt: interrupt => setTimeout(interrupt, 100),
  });
  assert.deepEqual([ran.code, ran.stdout], [130, '']);
  assert.match(
    ran.stderr,
    /^(waiting for hello: STOPPING\n)?hostctl: no longer waiting; hostd carries on with what was asked\n$/,
  );
});

test('signal takes names in any form, and numbers', async t => {
  const daemon = await fakeDaemon(t, progress(done('hello', 'ok', 'hello: signalled'), end));
  for (const word of ['HUP', 'sighup', '1'])
    assert.deepEqual(await hostctl(['signal', word, 'hello', '--socket', daemon.socket]), {
      code: 0,
      stdout: 'hello: signalled\n',
      stderr: '',
    });
  assert.deepEqual(
    daemon.asked.map(({ body }) => body),
    Array(3).fill({ names: ['hello'], signal: 'SIGHUP' }),
  );
});

test('signal refuses a signal that does not exist before it asks hostd', async () => {
  assert.deepEqual(await hostctl(['signal', 'HUB', 'hello', '--socket', '/nonexistent']), {
    code: 2,
    stdout: '',
    stderr: 'hostctl: unknown signal "HUB"\n  try: HUP\nusage: hostctl signal SIGNAL NAME ... | all\n',
  });
});

test('shutdown passes on whether the apps stay', async t => {
  const daemon = await fakeDaemon(t, progress(end));
  for (const args of [[], ['--keep-apps']])
    assert.equal(
      (await hostctl(['shutdown', ...args, '--socket', daemon.socket])).stdout,
      'hostd: stopped\n',
    );
  assert.deepEqual(
    daemon.asked.map(({ body }) => body),
    [{ keepApps: false }, { keepApps: true }],
  );
});

test('a refused command prints what hostd says', async t => {
  const error = { code: 'conflict', message: 'cannot start while hostd shuts down' };
  const { socket } = await fakeDaemon(t, json({ error }, 409));
  assert.deepEqual(await hostctl(['start', 'all', '--socket', socket]), {
    code: 1,
    stdout: '',
    stderr: 'hostctl: cannot start while hostd shuts down\n',
  });
});
