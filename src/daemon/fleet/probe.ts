// Asks by an unprivileged probe whether a program with a health path answers. A probe belongs to one run.

import { closeSync } from 'node:fs';
import { errnoOf, messageOf } from '../../errors.ts';
import { plainName } from '../../model/app.ts';
import type { Host, Program } from '../../model/host.ts';
import { native, type User } from '../../native/index.ts';
import { answerLimit, decodeAnswer, type ProbeAnswer, type ProbeQuestion } from '../../protocol/probe.ts';
import { startOwn } from '../own-process.ts';
import { readLines } from '../proxies/lines.ts';
import { userOf } from '../runs/launch.ts';

export interface Probe {
  /** Ends the probe. Harmless when it has ended. */
  stop(): void;
}

/** Milliseconds until the next try when a probe could not ask. */
const retry = 1000;
/** Probes in a row that could not ask, before hostd gives up. */
const patience = 3;
/** Errors that pass by themselves, and are waited for (errno(3)). */
const shortages: readonly (string | undefined)[] = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOBUFS'];

export interface Listener {
  /** Called with each new answer, and each time that the probe could not ask. The last answer is 'healthy', unless it asks once. */
  onAnswer(answer: ProbeAnswer): void;
  /** Called once when hostd gives up, with the reason. */
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

/**
 * One probe, to which `onAnswer` is told what it hears, and `onFailure` why it could not ask.
 * @throws when it cannot be started.
 */
export function spawnProbe(
  host: Host,
  question: ProbeQuestion,
  onAnswer: (answer: ProbeAnswer) => void,
  onFailure: (why: string) => void,
): Probe {
  const [read, write] = native.pipe();
  try {
    const env = [`HOSTD_PROBE=${JSON.stringify(question)}`];
    const { runtimeDir } = host.settings;
    const given = { user: probeUser(host), runtimeDir, env, fds: [write], stderr: null };
    const probe = startOwn('probe', given, why => {
      // The probe's last word, that the app is healthy, may still be on its way.
      if (why !== null) onFailure(why);
    });
    readLines(read, answerLimit, line => {
      const answer = decodeAnswer(line);
      if (answer !== null) onAnswer(answer);
      return answer !== null;
    });
    return { stop: probe.kill };
  } catch (error) {
    closeSync(read);
    throw error;
  } finally {
    closeSync(write);
  }
}

/** A visitor's request for the program's app: by its first name, and by https where its site has a certificate. */
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

/** The user that may connect to the app's socket. */
export function probeUser(host: Host): User {
  const own = process.geteuid?.() ?? 0;
  return userOf({ user: own === 0 ? host.settings.proxy.user : null });
}
