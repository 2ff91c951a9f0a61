// hostd as PID 1 of a container that gives it no rights at all: another user than root, a root that nobody can write to, and one directory
// for what it makes. It serves a site with its files beside another program of the app, and its own output is all that there is of logs.

import assert from 'node:assert/strict';
import { chownSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { copyCheckout } from './harness/installation.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { childrenOf, look } from './harness/processes.ts';
import { until } from './harness/until.ts';

/** $0: the one directory that can be written; $1: the user and the group; then the command. */
const contain = `mount --bind "$0" "$0" && mount -o remount,bind,ro / && id=$1 && shift &&
exec setpriv --reuid "$id" --regid "$id" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"`;

test('without root and on a read-only root it serves a site with its files, logs to stdout, and ends in time', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const run = place.directory('run');
  chownSync(run, a.uid, a.gid);
  const app = await tinyApp(place, {
    account: a,
    // As a /tmp in memory would be.
    env: { TMPDIR: run },
    keys: {
      user: String(a.uid),
      socket: `${run}/tiny.sock`,
      logs: `${run}/log`,
      health: '/',
      stdout_logfile: '/dev/stdout',
      program: {
        ticker: {
          command: ['/bin/sh', '-c', 'while :; do echo tick; sleep 0.2; done'],
          stdout_logfile: '/dev/stdout',
          startsecs: 0,
        },
      },
    },
  });
  place.write('webapps/tiny/static/a.css', 'a { color: red }\n');
  const hostd = await startHostd(place, {
    // The checkout may be in a directory that is closed to others.
    home: await copyCheckout(`${place.dir}/home`),
    apps: [app],
    config: {
      hostd: { state_dir: `${run}/lib`, log_dir: `${run}/log` },
      control: { group: String(a.gid) },
      proxy: { user: String(a.uid) },
    },
    under: [
      'unshare',
      '--pid',
      '--mount',
      '--fork',
      '--mount-proc',
      '--kill-child',
      'sh',
      '-c',
      contain,
      run,
      String(a.uid),
    ],
  });
  const [inner] = childrenOf(hostd.pid);
  assert.ok(inner);
  place.after(async () => {
    if (look(inner.pid) !== null) process.kill(inner.pid, 'SIGKILL');
  });
  const status = readFileSync(`/proc/${inner.pid}/status`, 'utf8');
  assert.match(status, /^NSpid:\t\d+\t1$/m);
  assert.match(status, /^CapBnd:\t0+$/m);

  await hostd.state('tiny', 'RUNNING');
  const page = await hostd.get(app.host, '/whoami');
  assert.equal(JSON.parse(page.body.toString()).uid, a.uid);
  assert.equal((await hostd.get(app.host, '/static/a.css')).body.toString(), 'a { color: red }\n');
  await until(
    'both programs in the output',
    () => /^tick$/m.test(hostd.output()) && /Booting worker/.test(hostd.output()),
  );

  const load = startLoad({ to: { port: hostd.port }, host: app.host, clients: 2 });
  const reload = await hostd.hostctl('reload', 'tiny');
  assert.equal(reload.code, 0, reload.stderr);
  const { requests, ok } = await load.stop();
  assert.ok(requests > 0);
  assert.equal(ok, requests);

  process.kill(inner.pid, 'SIGTERM');
  await until('hostd to end', () => hostd.child.exitCode !== null);
  assert.equal(hostd.child.exitCode, 0);
});
