// Asks, through an unprivileged probe, whether a program that has a health path answers. A probe belongs to one run.

import { closeSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Host } from '../model/host.ts';
import { native, type User } from '../native/index.ts';
import { answerLimit, decodeAnswer, type ProbeAnswer, type ProbeQuestion } from '../protocol/probe.ts';
import { userOf } from './launch.ts';
import { readLines } from './lines.ts';
import { ownProgram } from './own-code.ts';

export interface Probe {
  /** Ends it; harmless when it has ended. */
  stop(): void;
}

/** Starts asking; calls back for each new answer, the last of them 'healthy'. */
export function startProbe(
  host: Host,
  question: ProbeQuestion,
  onAnswer: (answer: ProbeAnswer) => void,
): Probe {
  const user = probeUser(host);
  const { argv, binary } = ownProgram('probe', 'hostd-probe', user, host.settings.runtimeDir);
  const nothing = openSync('/dev/null', 'r+');
  const [read, write] = native.pipe();
  const child = native.spawn({
    file: '',
    binary,
    argv,
    env: [`HOSTD_PROBE=${JSON.stringify(question)}`],
    directory: '/',
    uid: user.uid,
    gid: user.gid,
    groups: [user.gid],
    umask: 0o077,
    limits: [],
    fds: [nothing, nothing, nothing, write],
    cgroup: -1,
    noNewPrivs: 1,
  });
  const pidfd = native.pidfdOpen(child.pid);
  writeSync(child.gate, '\n');
  for (const fd of [child.gate, child.status, write, nothing, binary]) closeSync(fd);
  let ended = false;
  native.watch(pidfd, () => {
    ended = true;
    native.reap(child.pid);
    closeSync(pidfd);
  });
  readLines(read, answerLimit, line => {
    const answer = decodeAnswer(line);
    if (answer !== null) onAnswer(answer);
    return answer !== null;
  });
  return {
    stop() {
      if (!ended) native.pidfdSignal(pidfd, constants.signals.SIGKILL);
    },
  };
}

/** The one whom the app's socket lets in. */
function probeUser(host: Host): User {
  const own = process.geteuid?.() ?? 0;
  return userOf({ user: own === 0 ? host.settings.proxy.user : null });
}
