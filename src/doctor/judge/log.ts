// The last error in the end of an app's log: gunicorn's own lines, Python's tracebacks, a shell's complaints. Pure, and linear in the text.

import { found, type Looked, made, nothing } from '../finding.ts';

export interface LoggedError {
  readonly text: string;
  /** Unix time in milliseconds; null: the line has no time. */
  readonly at: number | null;
}

/** Characters of a line that are looked at, and that are told. */
const longestLine = 1000;
const longestText = 300;
const hour = 3_600_000;

/** The last error in a text; null: there is none. */
export function lastError(log: string): LoggedError | null {
  let last: LoggedError | null = null;
  let at: number | null = null;
  let isTraceback = false;
  for (const whole of log.split('\n')) {
    const line = whole.slice(0, longestLine);
    const time = timeOf(line);
    if (time !== null) at = time;
    if (line.startsWith('Traceback (most recent call last):')) {
      isTraceback = true;
      continue;
    }
    if (isTraceback) {
      if (/^(?:\s|$)/.test(line)) continue;
      isTraceback = false;
      if (/^[\w.]+(?:: |$)/.test(line)) last = { text: told(line), at };
      continue;
    }
    if (isError(line) && !(isConsequence(line) && last !== null)) last = { text: told(line), at: time ?? at };
  }
  return last;
}

function told(line: string): string {
  return line
    .replace(/^\[[^\]]{1,40}\] \[\d+\] /, '')
    .trim()
    .slice(0, longestText);
}

/** gunicorn's "[2026-11-28 11:00:00 +0000] [12] [ERROR]". */
function timeOf(line: string): number | null {
  const found = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\] /.exec(line);
  if (found === null) return null;
  const time = Date.parse(`${found[1]}T${found[2]}${found[3]}:${found[4]}`);
  return Number.isNaN(time) ? null : time;
}

/** What gunicorn says after the error itself. */
function isConsequence(line: string): boolean {
  return /Exception in worker process|Error handling request|Reason: |Shutting down|exited with code|failed to boot/.test(
    line,
  );
}

function isError(line: string): boolean {
  return (
    /\[(?:ERROR|CRITICAL)\]/.test(line) ||
    /^(?:ERROR|CRITICAL|FATAL|Error|Fatal|fatal)\b[: ]/.test(line) ||
    /\b(?:error|Error): |: not found$|: command not found$|Permission denied|No space left on device/.test(
      line,
    )
  );
}

export interface LogFacts {
  readonly name: string;
  readonly error: LoggedError | null;
  readonly now: number;
  /** When the app was started, in Unix milliseconds; null: not known. */
  readonly started: number | null;
  /** Whether a request was answered well. */
  readonly isServing: boolean;
}

export function judgeLog({ name, error, now, started, isServing }: LogFacts): Looked {
  if (error === null) return nothing;
  const { text, at } = error;
  // It belongs to a run that is over.
  if (at !== null && (now - at > 24 * hour || (started !== null && at < started - 1000))) return nothing;
  const hint = `hostctl logs ${name}`;
  const severity = isServing ? 'warning' : 'error';
  const when = at === null ? '' : `, ${since(now - at)} ago`;
  if (/WORKER TIMEOUT/.test(text))
    return found(
      made(
        'log',
        severity,
        `gunicorn has killed a worker that took too long${when}: ${text}`,
        `timeout = 120 in the table (and proxy_read_timeout), or look for what is slow: ${hint}`,
        { explains: true },
      ),
    );
  if (/SIGKILL|out of memory/i.test(text))
    return found(
      made(
        'log',
        severity,
        `a worker was killed${when}: ${text}`,
        `fewer workers, or more memory: dmesg | grep -i oom; ${hint}`,
        { explains: true },
      ),
    );
  if (/No space left on device/.test(text))
    return found(
      made('log', severity, `a disk was full${when}: ${text}`, `df -h; ${hint}`, { explains: true }),
    );
  return found(made('log', 'note', `the last error in its log${when}: ${text}`, hint));
}

/** Logs without a name: whoever writes to one goes on, and nobody can read it. `writer`: the program that has it open. */
export function judgeGoneLogs(
  gone: readonly { readonly writer: string; readonly path: string | null }[],
): Looked {
  const [first] = gone;
  if (first === undefined) return nothing;
  const more = gone.length === 1 ? '' : ` and ${gone.length - 1} more`;
  const writers = [...new Set(gone.map(({ writer }) => writer))];
  const message = `log "${first.path}"${more} was removed or moved away: what is written now, nobody can read`;
  return found(
    made('log', 'warning', message, `hostctl logs --reopen, or: hostctl reload ${writers.join(' ')}`),
  );
}

/** "5 s", "12 min", "3 h", "4 days". */
export function since(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
