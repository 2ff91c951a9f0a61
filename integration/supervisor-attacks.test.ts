// hostd-rpc from outside: other users, clients that send too much or too slowly, its own death and hostd's.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { groupOf, isRoot, needsRoot, testAccounts } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { isServed, sendRaw } from './supervisor/raw.ts';
import { call, post } from './supervisor/requests.ts';

const state = call('supervisor.getState').bytes;

/** The hostd-rpc of a hostd. */
function rpcOf(hostd: number): number | undefined {
  const children = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(hostd)], { encoding: 'utf8' });
  const pid = /^ *(\d+) hostd-rpc$/m.exec(children)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

test('no client keeps others from being served, and hostd-rpc and hostd may die', async t => {
  const place = makePlace(t);
  const socket = `${place.directory('rpc')}/s.sock`;
  const { a } = await testAccounts();
  const hostd = await startHostd(place, {
    config: {
      ...(isRoot ? { control: { group: groupOf(a) } } : {}),
      proxy: { enabled: false },
      supervisor: { socket },
      program: { cat: { command: '/bin/cat' }, root: { command: '/bin/cat' } },
    },
  });
  await until('the socket', () => isServed(socket));
  const answers = async () => (await sendRaw(socket, state)).text.includes('RUNNING');
  assert.ok(await answers());
  const first = rpcOf(hostd.pid) ?? assert.fail('there is no hostd-rpc');

  // It has no rights, and no more of hostd's than it needs.
  const { uid } = statSync(`/proc/${first}/environ`);
  const status = readFileSync(`/proc/${first}/status`, 'utf8');
  if (isRoot) {
    assert.match(status, /^Uid:\t(?!0\t)/m);
    assert.match(status, /^CapEff:\t0+$/m);
    // Its memory, with the passwords, is closed to others of its user.
    assert.equal(uid, 0);
  }
  assert.match(status, /^NoNewPrivs:\t1$/m);

  await t.test('a body that is too long is refused before it is sent', async () => {
    const { text, closed } = await sendRaw(
      socket,
      Buffer.from('POST /RPC2 HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n'),
    );
    assert.match(text, /^HTTP\/1\.1 413 /);
    assert.ok(closed);
  });

  await t.test('heads and documents without end come to an end', async () => {
    assert.ok((await sendRaw(socket, Buffer.from(`GET /${'x'.repeat(200_000)}`))).closed);
    assert.match((await sendRaw(socket, post('<a>'.repeat(100_000)))).text, /^HTTP\/1\.1 400 /);
    const lol = `<!DOCTYPE a [${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i + 1} "&a${i};&a${i};">`).join('')}]><a>&a20;</a>`;
    assert.match((await sendRaw(socket, post(lol))).text, /^HTTP\/1\.1 400 /);
    assert.ok(await answers());
  });

  await t.test(
    'a thousand connections that say nothing leave room for others',
    { skip: needsRoot },
    async () => {
      // The test's own connections are root's; another user's are bounded. The socket is closed to that user: so it is opened here.
      execFileSync('chmod', ['666', socket]);
      const script = `import socket,time
all=[]
for i in range(300):
    s=socket.socket(socket.AF_UNIX); s.connect(${JSON.stringify(socket)}); all.append(s)
print('there',flush=True); time.sleep(3)`;
      const flood = run(['python3', '-c', script], {
        as: a,
        env: { PATH: process.env['PATH'], ...place.env },
      });
      for (let i = 0; i < 20; i++) assert.ok(await answers());
      assert.match((await flood).stdout, /there/);
    },
  );

  await t.test('whoever pipelines and reads nothing is asked to wait', async () => {
    const sent = await new Promise<number>(resolve => {
      const client: Socket = connect(socket);
      client.pause();
      const many = Buffer.concat(
        Array.from({ length: 200 }, () => call('system.methodHelp', 'supervisor.tailProcessLog').bytes),
      );
      let count = 0;
      const more = () => {
        while (count < 500 && client.write(many)) count++;
        count++;
        if (count < 500) client.once('drain', more);
      };
      client.on('error', () => {});
      client.once('connect', more);
      setTimeout(() => {
        client.destroy();
        resolve(count);
      }, 1000);
    });
    assert.ok(sent < 500, `${sent} times 200 requests were taken`);
    assert.ok(await answers());
  });

  await t.test('what is for root is refused, whoever asks', { skip: needsRoot }, async () => {
    const { text } = await sendRaw(socket, call('supervisor.sendProcessStdin', 'root', 'x').bytes);
    assert.match(text, /FAILED: cannot attach to "root": it runs as root, so that is for hostctl, as root/);
    assert.match(
      (await sendRaw(socket, call('supervisor.signalProcess', 'root', 'USR1').bytes)).text,
      /FAILED: cannot send SIGUSR1/,
    );
  });

  process.kill(first, 'SIGKILL');
  await until('the end of hostd-rpc', () => rpcOf(hostd.pid) !== first);
  assert.ok(await until('an answer', answers));
  const resting = rpcOf(hostd.pid) ?? assert.fail('there is no hostd-rpc');
  assert.notEqual(resting, first);

  await t.test('when nobody has come for long it ends, and the next client waits for another', async () => {
    process.kill(resting, 'SIGUSR2');
    await until('the end of hostd-rpc', () => rpcOf(hostd.pid) === undefined);
    const together = Array.from({ length: 5 }, () => answers());
    assert.deepEqual(
      await Promise.all(together),
      together.map(() => true),
    );
  });
  const second = rpcOf(hostd.pid) ?? 0;
  await hostd.kill9();
  await until('hostd-rpc to end with hostd', () => {
    try {
      process.kill(second, 0);
      return false;
    } catch {
      return true;
    }
  });
  const next = await hostd.again();
  assert.ok(await until('an answer of the next hostd', async () => (await isServed(socket)) && answers()));
  // An upgrade in place keeps the socket: whoever isServed meanwhile waits.
  const before = statSync(socket).ino;
  await next.hostctl('upgrade');
  assert.ok(await until('an answer after the upgrade', answers));
  assert.equal(statSync(socket).ino, before);
});

test('others do not get in: the socket is as closed as the control socket', { skip: needsRoot }, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const socket = `${place.directory('rpc')}/s.sock`;
  await startHostd(place, { config: { proxy: { enabled: false }, supervisor: { socket } } });
  await until('the socket', () => isServed(socket));
  const { mode, uid } = statSync(socket);
  assert.ok((mode & 0o007) === 0 && uid === 0);
  const script = `import socket; s=socket.socket(socket.AF_UNIX); s.connect(${JSON.stringify(socket)})`;
  const { code, stderr } = await run(['python3', '-c', script], { as: a });
  assert.equal(code, 1);
  assert.match(stderr, /PermissionError/);
});
