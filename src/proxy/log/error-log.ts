// The worker's own log: one JSON line for each problem, on stderr for whoever runs the machine, and in the site's own error
// log for whoever runs the site. Never what a client sent beyond its request line's path, and never more than a few
// lines a second.

import { writeSync } from 'node:fs';

export interface Problem {
  readonly level: 'error' | 'warn';
  readonly cause: string;
  readonly site?: string;
  readonly upstream?: string;
  readonly request?: string;
}

export type ErrorLog = (problem: Problem) => void;

const linesPerSecond = 20;

/**
 * Writes to `fd`, and what concerns a site to that site's fd, too. A line that can't be written is lost: the log must
 * never be what stops the worker.
 */
export function openErrorLog(fd: number, sites: ReadonlyMap<string, number> = new Map()): ErrorLog {
  let second = 0;
  let lines = 0;
  let suppressed = 0;
  const write = (now: number, problem: Problem & { readonly suppressed?: number }): void => {
    const line = `${JSON.stringify({ time: new Date(now).toISOString(), ...problem })}\n`;
    for (const target of [fd, sites.get(problem.site ?? '')]) {
      try {
        if (target !== undefined) writeSync(target, line);
      } catch {
        // nowhere left to say so
      }
    }
  };
  return problem => {
    const now = Date.now();
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      lines = 0;
    }
    if (++lines > linesPerSecond) {
      suppressed++;
    } else {
      write(now, suppressed === 0 ? problem : { ...problem, suppressed });
      suppressed = 0;
    }
  };
}
