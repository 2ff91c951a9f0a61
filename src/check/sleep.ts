// Whether the kernel says when somebody connects: an app with idle_timeout sleeps only where it does (daemon/sockets/last-connection.ts).

import { closeSync } from 'node:fs';
import { errnoOf, messageOf } from '../errors.ts';
import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { native } from '../native/index.ts';
import { finding } from './problem.ts';

/** `attempt` throws where the kernel does not. */
export function checkSleep(app: App, attempt = tryNote): readonly Problem[] {
  if (app.idleTimeout === null) return [];
  try {
    attempt();
    return [];
  } catch (error) {
    const message = `it stays awake in spite of idle_timeout: this kernel does not tell who connects (${messageOf(error)})`;
    const hint =
      errnoOf(error) === 'EAGAIN'
        ? 'sysctl -w fs.aio-max-nr=131072'
        : 'a kernel from 4.19 on, with CONFIG_AIO and no filter for io_setup(2)';
    return [finding('warning', app, 'idle_timeout', message, hint)];
  }
}

/** Anything that can be polled will do. */
function tryNote(): void {
  const [read, write] = native.pipe();
  try {
    native.stopNoting(native.noteConnections(read));
  } finally {
    closeSync(read);
    closeSync(write);
  }
}
