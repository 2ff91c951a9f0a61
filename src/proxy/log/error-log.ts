// The worker's own log: one JSON line for each problem, on stderr for the machine's operator, and in the site's own error log for the
// site's. It never has more of what a client sent than the request line, which the access log has too, and never more than a
// few lines a second.

import { writeSync } from 'node:fs';

export interface Problem {
  readonly level: 'error' | 'warn';
  readonly cause: string;
  readonly site?: string;
  readonly upstream?: string;
  /** Of the request that the problem happened to, as its client sent them. */
  readonly method?: string;
  readonly uri?: string;
  /** The request's X-Request-Id, which is the access log's request_id. */
  readonly request?: string;
}

export type ErrorLog = (problem: Problem) => void;

/** Lines a second of one site, or of no site, and of all together, so that no site keeps the others from being heard. */
const linesPerSite = 20;
const linesPerSecond = 100;
/** Characters of the cause, which may have an app's words in it. */
const longestCause = 4096;
/** Characters of a request's method and URI. */
const longestMethod = 32;
const longestUri = 1024;

/**
 * Writes to `fd`, and what concerns a site to that site's descriptor, too. A line that can't be written is lost: the log must
 * never stop the worker. The next line says how many were `suppressed`.
 */
export function openErrorLog(fd: number, sites: ReadonlyMap<string, number> = new Map()): ErrorLog {
  const lines = new Map<string, number>();
  let second = 0;
  let all = 0;
  let suppressed = 0;
  const write = (now: number, problem: Problem & { readonly suppressed?: number }): void => {
    const cause = problem.cause.slice(0, longestCause);
    const { method, uri, request, suppressed, ...plain } = problem;
    const told = {
      time: new Date(now).toISOString(),
      ...plain,
      cause,
      ...(method === undefined ? {} : { method: method.slice(0, longestMethod) }),
      ...(uri === undefined ? {} : { uri: uri.slice(0, longestUri) }),
      ...(request === undefined ? {} : { request }),
      ...(suppressed === undefined ? {} : { suppressed }),
    };
    const line = `${JSON.stringify(told).replace(odd, escaped)}\n`;
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
      lines.clear();
      all = 0;
    }
    const { site = '' } = problem;
    const ofSite = lines.get(site) ?? 0;
    if (ofSite >= linesPerSite || all >= linesPerSecond) {
      suppressed++;
      return;
    }
    lines.set(site, ofSite + 1);
    all++;
    write(now, suppressed === 0 ? problem : { ...problem, suppressed });
    suppressed = 0;
  };
}

/** Characters that JSON allows and terminals obey. Texts of requests are bytes, one latin-1 character each. */
const odd = /[\x7f-\x9f]/g;

function escaped(character: string): string {
  return `\\u00${character.charCodeAt(0).toString(16)}`;
}
