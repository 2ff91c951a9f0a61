// Whether a new generation may take over, judged by its answers on the trial (trial.ts). Pure.

import type { ProbeAnswer } from '../../protocol/probe.ts';

/** Milliseconds from the first bad answer of a health path in which a good one may still come. */
export const healthPatience = 5000;

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'refused'; readonly why: string }
  /** A good answer may still come. */
  | { readonly kind: 'open' }
  /** The new generation may take over if the old one answers no better. */
  | { readonly kind: 'compare'; readonly why: string };

/** Judges a program with a health path. `badFor`: milliseconds since its first bad answer; null: it has given none. */
export function judgeHealth(path: string, answer: ProbeAnswer, badFor: number | null): Verdict {
  if (answer.kind === 'healthy') return { kind: 'passed' };
  if (answer.status === 0 || badFor === null || badFor < healthPatience) return { kind: 'open' };
  return { kind: 'refused', why: refusal(path, answer) };
}

/** Judges a program without a health path by its only answer, to "/". A probe's timeout proves nothing: the page may never end. */
export function judgeFront(path: string, answer: ProbeAnswer): Verdict {
  return isBroken(answer) ? { kind: 'compare', why: refusal(path, answer) } : { kind: 'passed' };
}

/** Compares with the old generation's answer to the same request; null: it could not be asked. If that is no better, nothing is lost. */
export function compare(why: string, old: ProbeAnswer | null): Verdict {
  if (old === null || isBroken(old) || (old.kind === 'unhealthy' && old.status === 0))
    return { kind: 'passed' };
  const said = old.kind === 'healthy' ? 'answers it well' : `says ${old.why}`;
  return { kind: 'refused', why: `${why}, and the old one ${said}` };
}

function refusal(path: string, answer: ProbeAnswer & { kind: 'unhealthy' }): string {
  return answer.status === 0
    ? `the new one ends the connection without an answer to ${path}`
    : `the new one answers ${path} with ${answer.why}`;
}

/** What a visitor would see as a failure of the site: a 5xx, or a worker that dies of the request. */
function isBroken(answer: ProbeAnswer): answer is ProbeAnswer & { kind: 'unhealthy' } {
  return answer.kind === 'unhealthy' && (answer.status >= 500 || answer.why === 'UND_ERR_SOCKET');
}
