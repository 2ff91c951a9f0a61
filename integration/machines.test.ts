// Machines as they are: without IPv6, with nginx on the port, a /proc that hides others, root's umask as it happens to be, a place for
// sockets that cannot be written. The sites serve, or one message says what is in the way and what to do.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import { isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const harness = (name: string) => join(import.meta.dirname, `harness/${name}`);

async function oneApp(place: Place) {
  return tinyApp(place, { name: 'one', account: isRoot ? (await testAccounts()).a : self() });
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

test('without IPv6 the default addresses serve by IPv4, with a warning, and nginx is told of no other', async t => {
  const place = makePlace(t);
  const app = await oneApp(place);
  const port = await freePort();
  const config = { proxy: { listen: [`0.0.0.0:${port}`, `[::]:${port}`] } };
  const without = ['python3', place.write('without.py', readFileSync(harness('without_ipv6.py'), 'utf8'))];
  const hostd = await startHostd(place, { apps: [app], config, under: without });
  assert.equal((await hostd.get(app.host)).status, 200);
  const warning = `this machine has no IPv6: [::]:${port} is left out, and 0.0.0.0:${port} serves`;
  assert.ok(hostd.output().includes(warning), hostd.output());
  const emitted = await run([
    'python3',
    ...without.slice(1),
    `${checkout}/bin/hostctl`,
    'emit',
    'nginx',
    '-c',
    hostd.config,
  ]);
  assert.match(emitted.stdout, new RegExp(`^ *listen ${port};$`, 'm'));
  assert.doesNotMatch(emitted.stdout, /listen \[/);
});

test('a port that another program has is named with it, and taken as soon as that program ends', async t => {
  const place = makePlace(t);
  const app = await oneApp(place);
  const port = await freePort();
  const other = spawn('python3', ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], {
    env: { ...process.env, ...place.env },
    cwd: place.directory('empty'),
    stdio: 'ignore',
  });
  place.after(() => {
    other.kill('SIGKILL');
  });
  await until('the other program to listen', () => listens(port));
  const hostd = await startHostd(place, {
    apps: [app],
    config: { proxy: { listen: [`127.0.0.1:${port}`] } },
  });
  const { description } = await hostd.state('hostd-proxy', 'BACKOFF');
  const by = `cannot listen on 127.0.0.1:${port}: it is used by "python3" (pid ${other.pid})`;
  assert.ok(description.startsWith(by), description);
  assert.ok(hostd.output().includes(`try: stop it (kill ${other.pid})`), hostd.output());
  const exited = once(other, 'exit');
  other.kill('SIGKILL');
  await exited;
  await hostd.state('hostd-proxy', 'RUNNING');
  assert.equal((await hostd.get(app.host)).status, 200);
});

test('a /proc that hides the processes of others, and root’s umask, change nothing', {
  skip: needsRoot,
}, async t => {
  for (const umask of ['000', '077']) {
    const place = makePlace(t);
    const app = await oneApp(place);
    const script = `mount -t proc -o hidepid=2 proc /proc && umask ${umask} && exec "$@"`;
    const hostd = await startHostd(place, {
      apps: [app],
      under: ['unshare', '--mount', 'sh', '-c', script, 'sh'],
    });
    assert.equal((await hostd.get(app.host)).status, 200, umask);
    assert.equal((await hostd.hostctl('reload', 'one')).code, 0);
    assert.equal((await hostd.get(app.host)).status, 200, umask);
    const open = await run(['find', place.dir, '-perm', '-002', '!', '-type', 'l', '!', '-type', 's']);
    assert.equal(open.stdout, '', 'nothing that everybody can write');
    assert.equal(lstatSync(app.socket).mode & 0o777, 0o660);
    // A home that the app's own programs make is the app's umask's affair, not root's.
    const stopped = await hostd.hostctl('stop', 'all');
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(await hostd.stop(), 0);
  }
});

test('a place for the sockets that cannot be written is one message with its cause', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const app = await oneApp(place);
  const runs = place.directory('run');
  const script = `mount -t tmpfs -o ro tmpfs ${runs} && exec "$@"`;
  const started = startHostd(place, { apps: [app], under: ['unshare', '--mount', 'sh', '-c', script, 'sh'] });
  await assert.rejects(started, error => {
    const words = String(error);
    assert.match(words, /ended with 1/);
    assert.match(words, new RegExp(`cannot [^\\n]*${runs}[^\\n]*(EROFS|read-only)`, 'i'));
    assert.match(words, /try: /);
    assert.doesNotMatch(words, /\n {4}at /, 'no stack');
    return true;
  });
});
