// Attacks on the proxy by whom it has to do with: clients, apps, and a worker that is somebody else's by now. Under each of them the
// other site is answered and so is hostctl, and afterwards nothing has to be restarted by hand.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { needsRoot } from './harness/accounts.ts';
import { type Attack, makeAttack, median } from './harness/attack-scene.ts';

const skip = needsRoot;

/** The median of the other site's answers, in milliseconds; a machine that is busy with other things must not fail it. */
const soonEnough = 500;

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
      assert.equal(await ask('/'), 503);
    })(),
  );
  attack.asEvil('rm run; mv run.real run');
  assert.equal(await ask('/'), 200);
});
