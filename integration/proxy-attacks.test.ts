// Attacks on the proxy by whom it has to do with: clients, apps, and a worker that is somebody else's by now. Under each of them the
// other site is answered and so is hostctl, and afterwards nothing has to be restarted by hand.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { needsRoot, proxyAccount } from './harness/accounts.ts';
import { type Attack, makeAttack, median } from './harness/attack-scene.ts';
import { until } from './harness/until.ts';

const skip = needsRoot;

/** The median of the other site's answers, in milliseconds; a machine that is busy with other things must not fail it. */
const soonEnough = 2000;

async function holds(attack: Attack, assault: Promise<unknown>): Promise<void> {
  const pid = (await attack.hostd.state('hostd-proxy', 'RUNNING')).pid;
  const times = await attack.meanwhile(Promise.all([assault, attack.hostd.status()]));
  assert.ok(median(times) < soonEnough, `median ${median(times).toFixed(0)} ms`);
  assert.equal((await attack.hostd.state('hostd-proxy', 'RUNNING')).pid, pid, 'the same worker goes on');
}

test('heads made of blanks, members or fields without end hold up nobody', { skip }, async t => {
  const attack = await makeAttack(t);
  const client = attack.stranger(`import socket, sys
heads = [b"X: a" + b" " * 60000 + b"a \\r\\n", b"X: a" + b"\\t" * 8000 + b"a \\r\\n",
         b"Connection: " + b"," * 8000 + b"\\r\\n" + b"".join(b"a%d: b\\r\\n" % i for i in range(90)),
         b"a:\\r\\n" * 9000, b"Range: bytes=" + b"9" * 8000 + b"-\\r\\n", b"Accept-Encoding: " + b"a;q=0.5," * 1000 + b"\\r\\n"]
for _ in range(20):
    for head in heads:
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        try:
            s.sendall(b"GET /static/page.html HTTP/1.1\\r\\nHost: good.test\\r\\nConnection: close\\r\\n" + head + b"\\r\\n")
            while s.recv(65536): pass
        except OSError: pass
        s.close()
`);
  await holds(attack, once(client, 'exit'));
});

test('clients that ask hundreds of times at once let others have their turn', { skip }, async t => {
  const { hostd, root } = await makeAttack(t);
  const { pid } = await hostd.state('hostd-proxy', 'RUNNING');
  // The worker takes sockets in an order of its own: the other is between the two in any.
  const clients = ['greedy', 'other', 'greedy'].map(name => ({
    name,
    socket: connect(hostd.port, '127.0.0.1'),
  }));
  t.after(() => {
    for (const { socket } of clients) socket.destroy();
  });
  const request = (from: string) => `GET /static/none?${from} HTTP/1.1\r\nHost: good.test\r\n\r\n`;
  // Each is known to the worker.
  for (const { socket } of clients) {
    socket.write(request('first'));
    await once(socket, 'data');
    socket.resume();
  }
  process.kill(Number(pid), 'SIGSTOP');
  for (const { name, socket } of clients)
    await new Promise(resolve => socket.write(request(name).repeat(name === 'other' ? 1 : 500), resolve));
  process.kill(Number(pid), 'SIGCONT');
  const lines = await until('all to be answered', () => {
    const log = readFileSync(`${root('good')}/logs/nginx-access.log`, 'utf8').split('\n');
    return log.filter(line => /\?(greedy|other) /.test(line)).length === 1001 && log;
  });
  const before = lines.findIndex(line => line.includes('?other '));
  assert.ok(before < 100, `${before} of the others' 1000 came first`);
});

test('an app’s paths that are too deep for a name are no files and no sockets, and end no worker', {
  skip,
}, async t => {
  const attack = await makeAttack(t);
  attack.asEvil(`python3 - <<'END'
import os, socket
os.mkdir("deep"); os.chdir("deep")
for _ in range(23):
    os.mkdir("d" * 200); os.chdir("d" * 200)
open("f.txt", "w").write("deep\\n")
socket.socket(socket.AF_UNIX).bind("gunicorn.sock")
root = ${JSON.stringify(attack.root('evil'))}
half = "/".join(["d" * 200] * 12)
os.symlink("deep/" + half, root + "/l1")
os.symlink("../l1/" + "/".join(["d" * 200] * 11), root + "/static/l2")
END`);
  const ask = async (path: string) => (await attack.hostd.get('evil.test', path)).status;
  assert.equal(await ask('/static/l2/f.txt'), 404);
  await holds(
    attack,
    (async () => {
      for (let i = 0; i < 30; i++) assert.equal(await ask('/static/l2/f.txt'), 404);
      attack.asEvil('mv run run.real; ln -s static/l2 run');
      // hostd may have put the socket's name back by then.
      for (let i = 0; i < 10; i++) assert.ok([200, 503].includes(await ask('/')));
    })(),
  );
  attack.asEvil('rm run; mv run.real run');
  assert.equal(await ask('/'), 200);
});

/** Ends a worker as a mistake in V8 or in C would, in the middle of its work for the first site. */
async function dieAtWork(hostd: number, worker: number): Promise<void> {
  await until(
    'the worker to be at work',
    () => {
      process.kill(worker, 'SIGSTOP');
      const isAtWork = notesOf(hostd).includes(1);
      if (isAtWork) process.kill(worker, 'SIGSEGV');
      process.kill(worker, 'SIGCONT');
      return isAtWork;
    },
    { every: 3 },
  );
}

/** What hostd would find in the workers' notes. */
function notesOf(hostd: number): number[] {
  const folder = `/proc/${hostd}/fd`;
  return readdirSync(folder).flatMap(fd => {
    const path = `${folder}/${fd}`;
    try {
      const isNote = /\/notes\/[^/]+$/.test(readlinkSync(path));
      return isNote ? [readFileSync(path).readUInt32LE()] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

test('a worker that keeps dying at one site’s requests is replaced by one without that site, and that is said', {
  skip,
}, async t => {
  const attack = await makeAttack(t);
  const { hostd } = attack;
  // Busy for the one site, over and over, so that it dies while it works for it.
  const client = attack.stranger(`import socket, sys, threading
def ask():
    while True:
        try:
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            s.sendall(b"GET /static/page.html HTTP/1.1\\r\\nHost: evil.test\\r\\n\\r\\n" * 300)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536): pass
        except OSError: pass
for _ in range(4): threading.Thread(target=ask).start()
`);
  const isOut = async () =>
    (await hostd.get('evil.test', '/static/page.html').catch(() => null))?.status === 503;
  await until('the site to be left out', async () => {
    const worker = (await hostd.status()).find(({ name }) => name === 'hostd-proxy');
    if (worker?.state === 'RUNNING' && worker.pid !== null) {
      await dieAtWork(hostd.pid, worker.pid);
      await hostd.state('hostd-proxy', 'RUNNING');
    }
    return await isOut();
  });
  client.kill('SIGKILL');
  await attack.ask();
  const [evil, good, proxy] = await Promise.all(
    ['evil', 'good', 'hostd-proxy'].map(name => hostd.state(name, 'RUNNING')),
  );
  assert.match(evil?.description ?? '', /hostd-proxy answers 503 for it.*hostctl reload hostd-proxy/);
  assert.doesNotMatch(good?.description ?? '', /503/);
  assert.match(proxy?.description ?? '', /restarted \d+ times, last .*: ended by SIGSEGV; without "evil"/);
  assert.match(hostd.output(), /goes on without \\"evil\\", at whose requests it ended 3 times/);

  assert.equal((await hostd.hostctl('reload', 'hostd-proxy')).code, 0);
  assert.equal((await hostd.get('evil.test', '/static/page.html')).text, 'page\n');
  const after = await hostd.state('evil', 'RUNNING');
  assert.doesNotMatch(after.description, /503/);
});

test('a worker that is killed again and again is back within a second each time', { skip }, async t => {
  const attack = await makeAttack(t);
  const { hostd } = attack;
  for (let i = 0; i < 7; i++) {
    const { pid } = await hostd.state('hostd-proxy', 'RUNNING');
    process.kill(pid ?? 0, 'SIGKILL');
    await until('another worker', async () => {
      const worker = (await hostd.status()).find(({ name }) => name === 'hostd-proxy');
      const wait = /in (\d+) s$/.exec(worker?.description ?? '')?.[1] ?? '0';
      assert.ok(Number(wait) <= 1, worker?.description);
      return worker?.state === 'RUNNING' && worker.pid !== pid;
    });
  }
  await attack.ask();
  const { description } = await hostd.state('hostd-proxy', 'RUNNING');
  assert.match(description, /restarted 7 times, last \d{4}-.*: ended by SIGKILL$/);
});

test('a worker that writes nonsense, and floods, is not listened to, and nobody else can look into it', {
  skip,
}, async t => {
  const attack = await makeAttack(t);
  const { hostd } = attack;
  const worker = (await hostd.state('hostd-proxy', 'RUNNING')).pid ?? 0;
  // Its own user, who is PHP's and nginx's, too, must not find the keys of TLS.
  const www = proxyAccount();
  for (const file of ['mem', 'environ', 'fd/4']) {
    const look = spawnSync('/usr/bin/python3', ['-c', `open("/proc/${worker}/${file}", "rb")`], {
      uid: www.uid,
      gid: www.gid,
    });
    assert.match(String(look.stderr), /Permission ?Error|Permission denied/, file);
  }
  const write = (line: string, ms: number) => {
    const flood = spawn('/usr/bin/python3', [
      '-c',
      `import os, time
fd = os.open("/proc/${worker}/fd/4", os.O_WRONLY | os.O_NONBLOCK)
end = time.time() + ${ms / 1000}
while time.time() < end:
    try: os.write(fd, b'${line}\\n' * 200)
    except BlockingIOError: time.sleep(0.001)
    except BrokenPipeError: break
`,
    ]);
    attack.place.after(() => void flood.kill('SIGKILL'));
    return once(flood, 'exit');
  };
  await holds(attack, write('{"kind":"ready"}', 3000));
  await holds(attack, write('{"kind":"please"}', 3000));
  // What was said before is heard first, so much of it in a second.
  await until('hostd to have heard it', () =>
    /hostd-proxy says what is no fact: it is listened to no more/.test(hostd.output()),
  );
  // Its sites are served all the same, and the next one is listened to.
  assert.equal((await hostd.hostctl('reload', 'hostd-proxy')).code, 0);
  await attack.ask();
});
