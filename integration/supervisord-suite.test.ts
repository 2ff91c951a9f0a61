// Supervisor's own end-to-end tests, as Debian packages them, with nothing replaced but the daemon: hostd is it. They run in a mount and
// a pid namespace of their own, since they use names in /tmp and leave processes behind.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makePlace } from './harness/place.ts';

const python = '/usr/bin/python3';
const package_ = '/usr/lib/python3/dist-packages/supervisor';
const checkout = join(import.meta.dirname, '..');
const hostd = join(checkout, 'bin/hostd');
const runner = join(import.meta.dirname, 'supervisord/suite.py');

/** In place of supervisord.py: the same words to Python, and hostd for the rest. */
const daemon = `import os, sys
os.execv(${JSON.stringify(hostd)}, ['hostd', 'supervisord'] + sys.argv[1:])
`;

/** A fixture that Debian does not ship. */
const hello = `#!/bin/bash
n=0
while [ $n -lt 10 ]; do
  n=$((n + 1))
  echo "The Øresund bridge ends in Malmö - $n"
  sleep 1
done
`;

test("Supervisor's own end-to-end tests pass", t => {
  if (!existsSync(join(package_, 'tests/test_end_to_end.py')) || !has('pexpect')) {
    t.skip("Debian's supervisor and python3-pexpect are not installed");
    return;
  }
  if (process.getuid?.() !== 0) {
    t.skip('mount namespaces take root');
    return;
  }
  const place = makePlace(t);
  // What is there will be /tmp.
  const tmp = join(place.dir, 'tmp');
  mkdirSync(tmp);
  cpSync(package_, join(tmp, 'overlay/supervisor'), { recursive: true });
  const fixtures = join(tmp, 'overlay/supervisor/tests/fixtures');
  writeFileSync(join(tmp, 'overlay/supervisor/supervisord.py'), daemon);
  writeFileSync(join(fixtures, 'hello.sh'), hello);
  chmodSync(join(fixtures, 'hello.sh'), 0o755);
  // The fixtures say "python", which Debian has not.
  mkdirSync(join(tmp, 'bin'));
  symlinkSync(python, join(tmp, 'bin/python'));
  // The tests themselves may run in a copy below /tmp.
  if (checkout.startsWith('/tmp/')) mkdirSync(join(tmp, checkout.slice('/tmp/'.length)), { recursive: true });
  const keep = checkout.startsWith('/tmp/') ? 'mount --bind "$2" "$1/${2#/tmp/}" && ' : '';
  const inside = `${keep}mount --rbind "$1" /tmp && mount -t tmpfs tmpfs /run && cd /tmp && exec ${python} ${runner}`;
  const said = execFileSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', inside, 'sh', tmp, checkout],
    {
      env: {
        PATH: `/tmp/bin:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
        HOME: '/root',
        LANG: 'C.UTF-8',
        PYTHONPATH: '/tmp/overlay',
        END_TO_END: '1',
        HOSTD_RUNTIME_DIR: '/run/hostd',
        PYTHONDONTWRITEBYTECODE: '1',
      },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const results = JSON.parse(said) as Record<string, string>;
  assert.ok(Object.keys(results).length >= 25);
  assert.deepEqual(Object.fromEntries(Object.entries(results).filter(([, result]) => result !== 'ok')), {});
});

function has(name: string): boolean {
  try {
    execFileSync(python, ['-c', `import ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
