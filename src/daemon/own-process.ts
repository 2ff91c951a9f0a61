// Starts one of hostd's own other programs that is not part of the fleet (a health probe, hostd-rpc): as an unprivileged user, with only
// the descriptors and the environment that it is given.

import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { openGate } from '../linux/gate.ts';
import { launchFailure } from '../linux/launch-failure.ts';
import { native, type User } from '../native/index.ts';
import { ownProgram } from './own-code.ts';
import type { OwnName } from './own-parts.ts';
import { keepReserve } from './runs/descriptors.ts';
import { limitsOf } from './runs/launch.ts';

export interface OwnProcess {
  readonly pid: number;
  /** SIGKILL. Harmless when the process has ended. */
  kill(): void;
}

export interface Given {
  readonly user: User;
  readonly runtimeDir: string;
  readonly env: readonly string[];
  /** Its descriptors from 3 on. */
  readonly fds: readonly number[];
  /** Its stderr; null: /dev/null. */
  readonly stderr: number | null;
}

/** `onEnd` is called once: null, or what was wrong with the end. @throws when the program cannot be started. */
export function startOwn(name: OwnName, given: Given, onEnd: (why: string | null) => void): OwnProcess {
  const { user, runtimeDir, env, fds, stderr } = given;
  const opened: number[] = [];
  const closing = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  let pidfd: number;
  let child: ReturnType<typeof native.spawn>;
  let refusal: string;
  try {
    const own = ownProgram(name, `hostd-${name}`, user, runtimeDir);
    closing(own.binary);
    refusal = own.refusal;
    const nothing = closing(openSync('/dev/null', 'r+'));
    keepReserve(nothing);
    child = native.spawn({
      file: '',
      binary: own.binary,
      argv: own.argv,
      env: [...Object.entries(own.env).map(([key, value]) => `${key}=${value}`), ...env],
      directory: '/',
      uid: user.uid,
      gid: user.gid,
      groups: [user.gid],
      umask: 0o077,
      limits: limitsOf({}),
      fds: [nothing, nothing, stderr ?? nothing, ...fds],
      cgroup: -1,
      noNewPrivs: 1,
      ignoreUsr1: 1,
    });
    closing(child.gate);
    pidfd = native.pidfdOpen(child.pid);
    openGate(child.gate);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
  const { pid, status } = child;
  let ended = false;
  native.watch(pidfd, () => {
    ended = true;
    const how = native.reap(pid);
    const failure = launchFailure(status, refusal);
    closeSync(pidfd);
    closeSync(status);
    onEnd(
      how?.code === 0
        ? null
        : (failure ?? `hostd-${name} ended with ${how?.code ?? `signal ${how?.signal}`}`),
    );
  });
  return {
    pid,
    kill() {
      if (!ended) native.pidfdSignal(pidfd, constants.signals.SIGKILL);
    },
  };
}
