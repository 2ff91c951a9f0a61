// Asks a running program for its health, again and again, and tells when it has failed too often in a row. Each question is a
// probe without rights. Only a few probes run at once, however many programs there are.

import type { Host, Program } from '../../model/host.ts';
import { lateText, type ProbeAnswer } from '../../protocol/probe.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import { type Probe, questionFor, spawnProbe } from './probe.ts';

/** Milliseconds for one answer and the start of the probe that hears it: more than the probe itself waits. */
const longestAnswer = 30_000;
/** Probes at once. */
const mostProbes = 4;

/** Ends the watch. */
export type Stop = () => void;

export interface HealthListener {
  /** As many bad answers in a row as the program's bound, or more. The reason is the last one's. */
  onFailed(failures: number, why: string): void;
  /** The program could not be asked. */
  onUnasked(why: string): void;
}

/** What becomes of one question. */
interface Asked {
  readonly hear: (answer: ProbeAnswer) => void;
  readonly fail: (why: string) => void;
  /** It was not put. */
  readonly skip: () => void;
}

export type WatchHealth = (program: Program, listener: HealthListener) => Stop;

/**
 * All watched programs share the bounded number of probes. `probing` is told before each probe, and what it returns after it; null:
 * the program is not to be asked now.
 */
export function makeHealthWatch(
  host: () => Host,
  probing: (program: Program) => (() => void) | null = () => () => {},
  spawn: typeof spawnProbe = spawnProbe,
): WatchHealth {
  let asking = 0;
  const waiting: (() => void)[] = [];
  const next = () => {
    while (asking < mostProbes && waiting.length > 0) waiting.shift()?.();
  };

  const ask = (program: Program, { hear, fail, skip }: Asked): Stop => {
    let probe: Probe | null = null;
    let isOver = false;
    /** Undoes what its beginning has done. */
    let leave = () => {};
    const over = () => {
      isOver = true;
      leave();
    };
    const once = (tell: () => void) => {
      if (isOver) return;
      over();
      tell();
    };
    const tooLate = () => {
      probe?.stop();
      once(() => hear({ kind: 'unhealthy', status: 0, why: lateText(longestAnswer / 1000) }));
    };
    const begin = () => {
      if (isOver) return;
      const probed = probing(program);
      if (probed === null) {
        setImmediate(() => once(skip));
        return;
      }
      asking += 1;
      // An app that waits here for its turn has no part in that.
      const late = setTimeout(tooLate, longestAnswer);
      leave = () => {
        clearTimeout(late);
        probed();
        asking -= 1;
        next();
      };
      const { health, socket } = program;
      const question = { socket: socket?.path ?? '', path: health?.path ?? '/', once: true };
      try {
        probe = spawn(
          host(),
          questionFor(host(), program, question),
          answer => once(() => hear(answer)),
          why => once(() => fail(why)),
        );
      } catch (error) {
        setImmediate(() => once(() => fail(error instanceof Error ? error.message : String(error))));
      }
    };
    waiting.push(begin);
    next();
    return () => {
      probe?.stop();
      if (!isOver) over();
    };
  };

  return (program, { onFailed, onUnasked }) => {
    const { interval, failures: most } = program.healthWatch ?? { interval: 0, failures: 0 };
    let failures = 0;
    let stop: Stop = () => {};
    const hear = (answer: ProbeAnswer) => {
      failures = answer.kind === 'healthy' ? 0 : failures + 1;
      again();
      if (answer.kind === 'unhealthy' && failures >= most) onFailed(failures, answer.why);
    };
    const again = (ms = interval * 1000) => {
      const timer = setLongTimeout(() => {
        stop = ask(program, {
          hear,
          skip: () => again(),
          fail(why) {
            again();
            onUnasked(why);
          },
        });
      }, ms);
      stop = () => clearTimeout(timer);
    };
    // Programs that came up together are not asked at the same time.
    again(Math.ceil(interval * 1000 * (1 - Math.random() / 2)));
    return () => stop();
  };
}
