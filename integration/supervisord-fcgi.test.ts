// FastCGI programs under Debian's supervisord and under hostd supervisord: their sockets, and what the log says of them. And what a
// hostd does that comes after one that was killed.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRoot } from './harness/accounts.ts';
import { until } from './harness/until.ts';
import { type Daemon, daemons, head, isMissing } from './supervisord/daemon.ts';

/** Answers each connection to its standard input with its pid. */
const server = `import os, socket
listener = socket.socket(fileno=os.dup(0))
while True:
    try:
        client = listener.accept()[0]; client.sendall(b'%d' % os.getpid()); client.close()
    except OSError: pass
`;

const programs = `[fcgi-program:two]
command=python3 %DIR%/server.py
socket=unix://%DIR%/two.sock
numprocs=2
process_name=%(program_name)s_%(process_num)d
[fcgi-program:late]
command=python3 %DIR%/server.py
socket=unix://%DIR%/late.sock
socket_mode=0660
autostart=false
${isRoot ? 'socket_owner=nobody:nogroup\n[fcgi-program:user]\ncommand=python3 %DIR%/server.py\nsocket=unix://%DIR%/user.sock\nuser=nobody\n' : ''}`;

/** What the log says of sockets and processes, without moments of time. */
function story(daemon: Daemon): string[] {
  return daemon
    .tidy(daemon.log())
    .split('\n')
    .flatMap(line => /((?:Creating|Closing|Could not|spawned|stopped|exited).*)/.exec(line)?.[1] ?? []);
}

function rights({ dir }: Daemon, name: string): string {
  const { mode, uid, gid } = statSync(join(dir, name));
  return `${(mode & 0o7777).toString(8)} ${uid} ${gid}`;
}

/** The pid of who answers; null: nobody listens. */
async function ask({ dir }: Daemon, name: string): Promise<number | null> {
  const socket = connect(join(dir, name));
  let text = '';
  socket.on('data', chunk => (text += chunk));
  socket.on('error', () => {});
  await new Promise(resolve => socket.on('close', resolve));
  return text === '' ? null : Number(text);
}

const runs = (daemon: Daemon, count: number) =>
  until('the processes to run', async () => {
    const status = await daemon.ctl('status');
    return status.split('RUNNING').length === count + 1;
  });

test('sockets of FastCGI programs are made and closed as by Supervisor, and outlive hostd', {
  skip: isMissing ? 'needs supervisor: apt-get install supervisor' : false,
}, async t => {
  const { real, ours } = daemons(t);
  const count = isRoot ? 3 : 2;
  await Promise.all(
    [real, ours].map(async daemon => {
      daemon.write('server.py', server);
      daemon.write('s.conf', head + programs);
      daemon.start('-n');
      await until('the socket', () => statSync(join(daemon.dir, 's.sock'), { throwIfNoEntry: false }));
      await runs(daemon, count);
      // One after the other, so that the log has one order.
      await daemon.ctl('start', 'late');
      for (const name of ['late', 'two:two_0', 'two:two_1']) await daemon.ctl('stop', name);
      assert.equal(await ask(daemon, 'two.sock'), null);
      await daemon.ctl('start', 'two:two_0');
      assert.notEqual(await ask(daemon, 'two.sock'), null);
    }),
  );
  assert.deepEqual(story(ours), story(real));
  const sockets = ['two.sock', 'late.sock', ...(isRoot ? ['user.sock'] : [])];
  for (const name of sockets) assert.equal(rights(ours, name), rights(real, name), name);

  await t.test('a next hostd has the socket of the process that goes on', async () => {
    const pid = await ask(ours, 'two.sock');
    const before = statSync(join(ours.dir, 'two.sock')).ino;
    ours.process?.kill('SIGKILL');
    ours.start('-n');
    await until('another hostd', () => ours.log().split('supervisord started').length === 3);
    assert.equal(await ask(ours, 'two.sock'), pid);
    assert.equal(statSync(join(ours.dir, 'two.sock')).ino, before);
    // The second process gets the same socket.
    await runs(ours, count);
    await ours.ctl('stop', 'two:two_0');
    const other = await ask(ours, 'two.sock');
    assert.ok(other !== null && other !== pid);
  });
});
