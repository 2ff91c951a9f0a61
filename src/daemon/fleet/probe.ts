// Asks, through an unprivileged probe, whether a program that has a health path answers. A probe belongs to one run.

import { closeSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { messageOf } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import { native, type User } from '../../native/index.ts';
import { answerLimit, decodeAnswer, type ProbeAnswer, type ProbeQuestion } from '../../protocol/probe.ts';
import { ownProgram } from '../own-code.ts';
import { readLines } from '../proxies/lines.ts';
import { keepReserve } from '../runs/descriptors.ts';
import { userOf } from '../runs/launch.ts';

export interface Probe {
  /** Ends it; harmless when it has ended. */
  stop(): void;
}

/** Milliseconds until the next try when hostd lacks what it takes to ask. */
const retry = 1000;

/** Starts asking; calls back for each new answer, the last of them 'healthy'. */
export function startProbe(
  host: Host,
  question: ProbeQuestion,
  onAnswer: (answer: ProbeAnswer) => void,
): Probe {
  let stopped = false;
  let running: Probe | null = null;
  const begin = () => {
    if (stopped) return;
    try {
      running = spawnProbe(host, question, onAnswer);
    } catch (error) {
      setTimeout(begin, retry);
      setImmediate(() => onAnswer({ kind: 'unhealthy', why: `cannot ask: ${messageOf(error)}` }));
    }
  };
  begin();
  return {
    stop() {
      stopped = true;
      running?.stop();
    },
  };
}

function spawnProbe(host: Host, question: ProbeQuestion, onAnswer: (answer: ProbeAnswer) => void): Probe {
  const user = probeUser(host);
  const opened: number[] = [];
  const closing = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  let pidfd: number;
  let pid: number;
  try {
    const { argv, binary } = ownProgram('probe', 'hostd-probe', user, host.settings.runtimeDir);
    closing(binary);
    const nothing = closing(openSync('/dev/null', 'r+'));
    keepReserve(nothing);
    const [read, write] = native.pipe();
    closing(write);
    readLines(read, answerLimit, line => {
      const answer = decodeAnswer(line);
      if (answer !== null) onAnswer(answer);
      return answer !== null;
    });
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
    closing(child.gate);
    closing(child.status);
    pid = child.pid;
    pidfd = native.pidfdOpen(pid);
    writeSync(child.gate, '\n');
  } finally {
    for (const fd of opened) closeSync(fd);
  }
  let ended = false;
  native.watch(pidfd, () => {
    ended = true;
    native.reap(pid);
    closeSync(pidfd);
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
