// The first step of a reload: the new code runs by itself, on a socket that only hostd's probe may connect to, and has to answer.
// On the visitors' socket it would not be clear which generation answers, and visitors would meet broken code. Of gunicorn
// one worker is tried. verdict.ts judges the answer.

import { chownSync, closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeExit } from '../../lifecycle/view.ts';
import type { Host } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { ProbeAnswer } from '../../protocol/probe.ts';
import { silence } from '../../protocol/silence.ts';
import { type Equipment, type LaunchContext, launch, userOf } from '../runs/launch.ts';
import { killRun, type Run, signalRun, whenOver } from '../runs/run.ts';
import { beliefOf } from './belief.ts';
import { arrangeReadyWord, gunicornApp } from './gunicorn.ts';
import { type Probe, probeUser, questionFor, startProbe } from './probe.ts';
import type { Unit } from './unit.ts';
import { compare, healthPatience, judgeFront, judgeHealth, type Verdict } from './verdict.ts';

/** Milliseconds for the trial to load the app and to answer. */
export const longestTrial = 120_000;
/** Milliseconds from the request to end to SIGKILL. A trial has no visitors. */
const longestEnd = 3000;
/** Room for the requests of one probe that asks again. */
const backlog = 64;

export interface Trial {
  /** Ends the trial. `onOver` is called once nothing of it is left. */
  cancel(): void;
}

export interface TrialContext extends LaunchContext {
  readonly host: () => Host;
  /** Path of the configuration that gunicorn is started with (gunicorn.ts). */
  readonly gunicornConfiguration: string;
}

/**
 * Tries the unit's program. `onOver` is called when nothing of the trial is left, with the reason why the unit may not take over, or
 * null. What the trial waits for is written to the unit.
 * @throws HostdError when the trial cannot be started.
 */
export function startTrial(
  unit: Unit,
  number: number,
  context: TrialContext,
  onOver: (refusal: string | null) => void,
): Trial {
  const { program } = unit;
  const host = context.host();
  const path = join(host.settings.runtimeDir, `trial.${program.name.replaceAll('/', '_')}.${number}.sock`);
  const real = program.socket?.path ?? '';
  let run: Run | null = null;
  let probe: Probe | null = null;
  /** The trial is decided; nothing of it is left. */
  let ended = false;
  let over = false;
  let result: string | null = null;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, what: () => void) => timers.push(setTimeout(what, ms));

  const end = (refusal: string | null) => {
    if (ended || run === null) return;
    ended = true;
    result = refusal;
    probe?.stop();
    for (const timer of timers) clearTimeout(timer);
    const live = run;
    signalRun(live, program.stopsignal, program.stopasgroup);
    later(longestEnd, () => killRun(live));
  };
  const decide = (verdict: Verdict) => {
    if (verdict.kind === 'passed') end(null);
    else if (verdict.kind === 'refused') end(verdict.why);
    else if (verdict.kind === 'compare') askOld(verdict.why);
  };

  /** Where no probe can be started, it is enough that the program stays up. */
  const unasked = () => later(unit.policy.startsecs, () => end(null));
  const askHealth = (asked: string) => {
    let firstBad: number | null = null;
    let last: ProbeAnswer | null = null;
    const judge = () => {
      if (last === null) return;
      decide(judgeHealth(asked, last, firstBad === null ? null : performance.now() - firstBad));
    };
    probe = startProbe(host, questionFor(host, program, { socket: path, path: asked, once: false }), {
      onAnswer(answer) {
        last = answer;
        if (answer.kind === 'unhealthy') {
          unit.waitsFor = `${asked}: ${silence(answer.why)}`;
          if (answer.status !== 0 && firstBad === null) {
            firstBad = performance.now();
            later(healthPatience + 1, judge);
          }
        }
        judge();
      },
      onGivenUp: unasked,
    });
  };
  const askFront = () => {
    probe = startProbe(host, questionFor(host, program, { socket: path, path: '/', once: true }), {
      onAnswer: answer => decide(judgeFront('/', answer)),
      onGivenUp: unasked,
    });
  };
  const askOld = (why: string) => {
    if (ended) return;
    probe = startProbe(host, questionFor(host, program, { socket: real, path: '/', once: true }), {
      onAnswer: answer => decide(compare(why, answer)),
      onGivenUp: () => decide(compare(why, null)),
    });
  };
  const loaded = () => {
    if (ended || probe !== null) return;
    const { health } = program;
    unit.waitsFor = health?.path ?? '/';
    if (health === null) askFront();
    else askHealth(health.path);
  };

  const equipment = equipTrial(unit, path, context, loaded);
  // A trial writes to the program's log itself, not through hostd.
  const stdout = { ...program.stdout, through: null };
  const stderr = program.stderr && { ...program.stderr, through: null };
  const named = { ...program, name: `${program.name}~trial`, socket: { path, backlog }, stdout, stderr };
  try {
    run = launch(named, number, equipment, { ...context, isTrial: true });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  unit.waitsFor = 'the new code to load';
  whenOver(
    run,
    () => false,
    ending => {
      const isOwn = ended;
      ended = true;
      over = true;
      probe?.stop();
      for (const timer of timers) clearTimeout(timer);
      rmSync(path, { force: true });
      context.records.remove(named.name, number);
      const why = ending.kind === 'failed' ? ending.why : `exited too quickly (${describeExit(ending.how)})`;
      onOver(isOwn ? result : why);
    },
  );
  later(longestTrial, () => end(`not ready in time: waits for ${unit.waitsFor}`));
  if (!saysWhenLoaded(equipment)) loaded();
  return {
    cancel() {
      if (over) return;
      ended = true;
      result = 'stopped before it was started';
      if (run !== null) killRun(run);
    },
  };
}

/** The trial's own socket. gunicorn gets a pipe for its word too, and one worker. */
function equipTrial(unit: Unit, path: string, context: TrialContext, loaded: () => void): Equipment {
  const { program } = unit;
  const host = context.host();
  const { uid, gid } = userOf(program);
  const app = gunicornApp(program, host);
  // A hostd that was killed may have left it.
  rmSync(path, { force: true });
  const socket = native.listenUnix(path, process.geteuid?.() ?? 0, process.getegid?.() ?? 0, 0o600, backlog);
  const env = {
    LISTEN_FDS: '1',
    LISTEN_PID: '',
    LISTEN_FDNAMES: program.name,
    HOSTD_TRIAL: '1',
    ...beliefOf(program, host),
  };
  const alone = { env, fds: [socket], close: [socket] };
  try {
    // The directory is hostd's own, so nobody else has put anything in the socket's place.
    const asker = probeUser(host);
    // An ordinary user is the asker, and may be in another group than its usual one.
    if (process.geteuid?.() === 0) chownSync(path, asker.uid, asker.gid);
    const word =
      app === null
        ? null
        : arrangeReadyWord(program, app, context.gunicornConfiguration, { uid, gid }, false, loaded);
    if (word === null) return alone;
    return {
      argv: [...word.argv, '--workers', '1'],
      env: { ...env, ...word.env },
      fds: [socket, word.fd],
      close: [socket, word.fd],
    };
  } catch (error) {
    closeSync(socket);
    throw error;
  }
}

function saysWhenLoaded({ argv }: Equipment): boolean {
  return argv !== undefined;
}
