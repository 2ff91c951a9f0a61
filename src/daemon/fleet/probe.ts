// Asks, through an unprivileged probe, whether a program that has a health path answers. A probe belongs to one run.

import { closeSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { errnoOf, messageOf } from '../../errors.ts';
import { launchFailure } from '../../linux/launch-failure.ts';
import { plainName } from '../../model/app.ts';
import type { Host, Program } from '../../model/host.ts';
import { native, type User } from '../../native/index.ts';
import { answerLimit, decodeAnswer, type ProbeAnswer, type ProbeQuestion } from '../../protocol/probe.ts';
import { ownProgram } from '../own-code.ts';
import { readLines } from '../proxies/lines.ts';
import { keepReserve } from '../runs/descriptors.ts';
import { limitsOf, userOf } from '../runs/launch.ts';

export interface Probe {
  /** Ends it; harmless when it has ended. */
  stop(): void;
}

/** Milliseconds until the next try when a probe could not ask. */
const retry = 1000;
/** Probes in a row that could not ask, after which nobody asks any more. */
const patience = 3;
/** What passes by itself, and so is waited for (errno(3)). */
const shortages: readonly (string | undefined)[] = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOBUFS'];

export interface Listener {
  /** Told each new answer, the last of them 'healthy' unless it asks once, and each time that it could not be asked. */
  onAnswer(answer: ProbeAnswer): void;
  /** Told once that nobody asks any more, and why. */
  onGivenUp(why: string): void;
}

/** Starts asking. */
export function startProbe(host: Host, question: ProbeQuestion, { onAnswer, onGivenUp }: Listener): Probe {
  let stopped = false;
  let running: Probe | null = null;
  let failures = 0;
  const hear = (answer: ProbeAnswer) => {
    failures = 0;
    onAnswer(answer);
  };
  const fail = (why: string) => {
    if (stopped) return;
    onAnswer({ kind: 'unhealthy', status: 0, why: `cannot ask: ${why}` });
    if (failures === patience) onGivenUp(why);
    else setTimeout(begin, retry);
  };
  const failed = (why: string) => {
    failures += 1;
    fail(why);
  };
  const begin = () => {
    if (stopped) return;
    try {
      running = spawnProbe(host, question, hear, failed);
    } catch (error) {
      const tell = shortages.includes(errnoOf(error)) ? fail : failed;
      setImmediate(() => tell(messageOf(error)));
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

function spawnProbe(
  host: Host,
  question: ProbeQuestion,
  onAnswer: (answer: ProbeAnswer) => void,
  onFailure: (why: string) => void,
): Probe {
  const user = probeUser(host);
  const opened: number[] = [];
  const closing = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  let pidfd: number;
  let pid: number;
  let status: number;
  let refusal: string;
  try {
    const own = ownProgram('probe', 'hostd-probe', user, host.settings.runtimeDir);
    closing(own.binary);
    refusal = own.refusal;
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
      binary: own.binary,
      argv: own.argv,
      env: [`HOSTD_PROBE=${JSON.stringify(question)}`],
      directory: '/',
      uid: user.uid,
      gid: user.gid,
      groups: [user.gid],
      umask: 0o077,
      limits: limitsOf({}),
      fds: [nothing, nothing, nothing, write],
      cgroup: -1,
      noNewPrivs: 1,
      ignoreUsr1: 1,
    });
    closing(child.gate);
    pid = child.pid;
    status = child.status;
    pidfd = native.pidfdOpen(pid);
    writeSync(child.gate, '\n');
  } finally {
    for (const fd of opened) closeSync(fd);
  }
  let ended = false;
  native.watch(pidfd, () => {
    ended = true;
    const how = native.reap(pid);
    const failure = launchFailure(status, refusal);
    closeSync(pidfd);
    closeSync(status);
    // Its last word, that the app is healthy, may still be on its way.
    if (how?.code !== 0) onFailure(failure ?? `the probe ended with ${how?.code ?? `signal ${how?.signal}`}`);
  });
  return {
    stop() {
      if (!ended) native.pidfdSignal(pidfd, constants.signals.SIGKILL);
    },
  };
}

/** What a visitor would ask the program's app for: by its first name, and by https where its site has a certificate. */
export function questionFor(
  host: Host,
  { app, health }: Pick<Program, 'app' | 'health'>,
  given: Pick<ProbeQuestion, 'socket' | 'path' | 'once'>,
): ProbeQuestion {
  const own = host.apps.find(({ name }) => name === app);
  const secure = own !== undefined && (own.certificate !== null || own.redirectHttps);
  const named = health?.host ?? (own === undefined ? 'localhost' : plainName(own));
  return { ...given, host: named, secure };
}

/** The one whom the app's socket lets in. */
export function probeUser(host: Host): User {
  const own = process.geteuid?.() ?? 0;
  return userOf({ user: own === 0 ? host.settings.proxy.user : null });
}
