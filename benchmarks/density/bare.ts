// A bare gunicorn of one site: what a first answer cannot be quicker than.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { TestApp } from '../../integration/harness/apps.ts';
import { until } from '../../integration/harness/until.ts';
import { siteEnv, workers } from './sites.ts';
import { visit } from './visit.ts';

/** Starts it as a shell would, and ends it. Milliseconds until its first answer. */
export async function startBare({ root, account, host }: TestApp): Promise<number> {
  const socket = `${root}/run/bare.sock`;
  rmSync(socket, { force: true });
  const args = ['hello.wsgi:application', '--workers', String(workers), '--bind', `unix:${socket}`];
  const begun = performance.now();
  const child = spawn(`${root}/bin/gunicorn`, args, {
    cwd: `${root}/hello`,
    env: { PATH: '/usr/bin:/bin', HOME: root, DJANGO_SETTINGS_MODULE: 'hello.settings', ...siteEnv },
    uid: account.uid,
    gid: account.gid,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  try {
    // It listens before it loads the app: who connects waits.
    await until('gunicorn to answer', () => visit({ socketPath: socket }, host).catch(() => null), {
      every: 2,
    });
    return performance.now() - begun;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
