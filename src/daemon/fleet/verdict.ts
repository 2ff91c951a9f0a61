// Whether a new generation may take over, by what it has answered on its trial (trial.ts). Pure.

import type { ProbeAnswer } from '../../protocol/probe.ts';

/** Milliseconds from the first bad answer of a health path in which it may still become good. */
export const healthPatience = 5000;

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'refused'; readonly why: string }
  /** It may still answer well. */
  | { readonly kind: 'open' }
  /** It is as good as the old one, if that answers no better. */
  | { readonly kind: 'compare'; readonly why: string };

/** With a health path. `badFor`: milliseconds since its first answer that was not good; null: there was none. */
export function judgeHealth(path: string, answer: ProbeAnswer, badFor: number | null): Verdict {
  if (answer.kind === 'healthy') return { kind: 'passed' };
  if (answer.status === 0 || badFor === null || badFor < healthPatience) return { kind: 'open' };
  return { kind: 'refused', why: refusal(path, answer) };
}

/** Judges a program without a health path by its only answer to "/". No answer within a probe's time proves nothing: the page may never end. */
export function judgeFront(path: string, answer: ProbeAnswer): Verdict {
  return isBroken(answer) ? { kind: 'compare', why: refusal(path, answer) } : { kind: 'passed' };
}

/** Compares with the old generation's answer to the same request; null: it could not be asked. An old generation that answers no better has nothing to lose. */
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

/** What a visitor would see as the site's failure: a 5xx, or a worker that dies of the request. */
function isBroken(answer: ProbeAnswer): answer is ProbeAnswer & { kind: 'unhealthy' } {
  return answer.kind === 'unhealthy' && (answer.status >= 500 || answer.why === 'UND_ERR_SOCKET');
}
