// systemd's own opinion of etc/hostd.service.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const skip =
  spawnSync('systemd-analyze', ['--version']).status === 0
    ? false
    : 'needs systemd-analyze (package systemd)';

test('systemd finds nothing wrong with the unit', { skip }, t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-unit-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const text = readFileSync(new URL('../etc/hostd.service', import.meta.url), 'utf8');
  const unit = join(directory, 'hostd.service');
  // By no path: npm installs to /usr/local/bin on some machines, to /usr/bin on others.
  assert.match(text, /^ExecStart=hostd start /m);
  assert.match(text, /^ExecReload=hostctl update /m);
  // hostd need not be installed, nor its manual pages.
  const known = text.replaceAll(/=host(d|ctl) /g, '=/bin/true ');
  const version = Number(
    /^systemd (\d+)/.exec(spawnSync('systemctl', ['--version'], { encoding: 'utf8' }).stdout)?.[1],
  );
  // An older one says that it does not know the key, and goes on.
  writeFileSync(unit, version < 254 ? known.replace(/^DelegateSubgroup=.*\n/m, '') : known);
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
    encoding: 'utf8',
  });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});
