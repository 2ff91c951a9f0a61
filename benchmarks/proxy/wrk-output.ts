// The figures in the output of wrk --latency. Pure.

export interface Load {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 2xx and 3xx, and connections that failed. */
  readonly bad: number;
}

/** Throws when the text is not that of a whole run. */
export function parseWrk(text: string): Load {
  const found = (pattern: RegExp): string => {
    const value = pattern.exec(text)?.[1];
    if (value === undefined) throw new Error(`cannot find ${pattern} in what wrk printed:\n${text}`);
    return value;
  };
  const errors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const wrong = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? '0';
  return {
    requests: Number(found(/^ *(\d+) requests in /m)),
    rate: Number(found(/^Requests\/sec: +([\d.]+)/m)),
    p50: milliseconds(found(/^ +50% +(\S+)/m)),
    p99: milliseconds(found(/^ +99% +(\S+)/m)),
    bad: [...errors, wrong].reduce((sum, digits) => sum + Number(digits), 0),
  };
}

function milliseconds(text: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text) ?? [];
  const parts: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1e6, m: 6e7, h: 3.6e9 };
  const microseconds = parts[unit];
  if (microseconds === undefined) throw new Error(`cannot read wrk's time "${text}"`);
  return (Number(digits) * microseconds) / 1000;
}
