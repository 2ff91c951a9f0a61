// A hostile app owns the directories that hostd opens logs in. Whatever it puts there, at whatever moment, root writes, chowns
// and follows nothing outside, and nobody waits for it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { needsRoot } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { allRunning, makeScene, type Tricks, throughAll } from './harness/hostile-scene.ts';

const skip = needsRoot;

const log = 'logs/gunicorn_supervisor.log';
const socketFile = (path: string) =>
  `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("${path}")'`;

/** The program runs on, its output goes nowhere. */
const logTricks: Tricks = {
  link: `ln -s $OUT/secret ${log}`,
  linktouser: `ln -s $OUT/private ${log}`,
  dangling: `ln -s $OUT/made ${log}`,
  device: `ln -s /dev/full ${log}`,
  magic: `ln -s /proc/self/fd/2 ${log}`,
  loop: `ln -s gunicorn_supervisor.log ${log}`,
  hard: `echo mine >own; ln own ${log}`,
  fifo: `mkfifo ${log}`,
  directory: `mkdir ${log}`,
  socket: socketFile(log),
  dirlink: 'rmdir logs; ln -s $OUT logs',
  dirmagic: 'rmdir logs; ln -s /proc/self/cwd logs',
  dirfile: 'rmdir logs; echo mine >logs',
  dirfifo: 'rmdir logs; mkfifo logs',
  dirclosed: 'chmod 0 logs',
};

/** Served on without an access log. */
const accessTricks: Tricks = {
  accesslink: 'ln -s $OUT/secret logs/nginx-access.log',
  accessmade: 'ln -s $OUT/made logs/nginx-access.log',
  accessfifo: 'mkfifo logs/nginx-access.log',
  accesshard: 'echo mine >own; ln own logs/nginx-access.log',
};

test('a log, or the directory of logs, that an app has replaced leads root nowhere', { skip }, async t => {
  const stage = await makeScene(t, logTricks);
  await throughAll(stage, async hostd => {
    await allRunning(hostd);
    assert.match(hostd.output(), /cannot (open|rotate) .*gunicorn_supervisor\.log/);
  });
});

test('an access log that an app has replaced leads root nowhere, and its site is served', {
  skip,
}, async t => {
  const stage = await makeScene(t, accessTricks);
  await throughAll(stage, async hostd => {
    await allRunning(hostd);
    for (const name of Object.keys(accessTricks))
      assert.equal((await hostd.get(`${name}.test`)).text, 'mine\n', name);
  });
});

test('a log of a hundred gigabytes is neither read whole nor waited for', { skip }, async t => {
  const stage = await makeScene(t, {
    huge: `truncate -s 100G ${log}; echo end >>${log}`,
    zero: `truncate -s 1T ${log}`,
  });
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  const begun = performance.now();
  const { stdout, code } = await hostd.hostctl('logs', 'huge', '-n', '2');
  assert.equal(code, 0);
  assert.match(stdout, /end\nhello, log\n$/);
  assert.ok(stdout.length < 20 * 1024 * 1024);
  assert.ok(performance.now() - begun < 40_000);
  const memory = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${hostd.pid}/status`, 'utf8'))?.[1];
  assert.ok(Number(memory) < 300 * 1024, `${memory} kB`);
});

test('flipping logs/ and run/ back and forth gains nothing', { skip }, async t => {
  const stage = await makeScene(t, { flip: ':', other: ':' });
  const before = stage.snapshot();
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  stage.as('flip', 'ln -s $OUT fakelogs; ln -s $OUT fakerun');
  const flipper = `import os, sys
os.chdir(sys.argv[1])
while True:
    for name in ("logs", "run"):
        try:
            os.rename(name, "real" + name); os.rename("fake" + name, name)
            os.rename(name, "fake" + name); os.rename("real" + name, name)
        except OSError: pass
`;
  stage.place.write(
    'etc/apps.d/flipper.toml',
    `[program.flipper]\ncommand = "/usr/bin/python3 ${stage.place.write('flipper.py', flipper)} ${stage.root('flip')}"\nuser = "${stage.account.name}"\nstartsecs = 0\n`,
  );
  await hostd.hostctl('update');
  for (let round = 0; round < 5; round++) {
    await Promise.all([hostd.hostctl('stop', 'flip'), hostd.hostctl('logs', 'flip')]);
    await hostd.hostctl('start', 'flip');
    assert.deepEqual(stage.snapshot(), before);
  }
  await hostd.hostctl('stop', 'flipper');
  assert.equal((await hostd.get('other.test')).text, 'mine\n');
  assert.equal(await hostd.stop(), 0);
  assert.deepEqual(stage.snapshot(), before);
});
