// What crosses between hostd and a health probe: the question in the environment, the answers as lines on a pipe.

/** HOSTD_PROBE, as JSON. */
export interface ProbeQuestion {
  /** The app's unix socket. */
  readonly socket: string;
  /** Host header: a name that the app's ALLOWED_HOSTS knows. */
  readonly host: string;
  readonly path: string;
  /** Whether visitors come by https: X-Forwarded-Proto says so, as the proxy would. */
  readonly secure: boolean;
  /** Whether the probe ends with the first answer, or with the time for it, good or not. */
  readonly once: boolean;
}

export type ProbeAnswer =
  /** The app has answered with a status of 200 to 399. The probe ends. */
  | { readonly kind: 'healthy' }
  /** What the app has answered, or why it has not (`status` 0). */
  | { readonly kind: 'unhealthy'; readonly status: number; readonly why: string };

/** Longest line that root reads from a probe, in bytes. */
export const answerLimit = 1024;

const late = 'no answer in';

/** Why an answer is bad that was not whole in time. */
export function lateText(seconds: number): string {
  return `${late} ${seconds} seconds`;
}

/** Whether it was not whole in time. */
export function isLate(answer: ProbeAnswer): boolean {
  return answer.kind === 'unhealthy' && answer.why.startsWith(late);
}

export function encodeAnswer(answer: ProbeAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** The answer in one line; null: the line is not exactly one. */
export function decodeAnswer(line: string): ProbeAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) return null;
  if (value.kind === 'healthy') return { kind: 'healthy' };
  if (value.kind !== 'unhealthy' || !('why' in value) || typeof value.why !== 'string') return null;
  if (!('status' in value) || !Number.isInteger(value.status)) return null;
  return { kind: 'unhealthy', status: Number(value.status), why: value.why };
}
