// Accept-Encoding against the codings that a file has variants in (RFC 9110 section 12.5.3). Pure.

/** Content codings of the variants beside a file. */
export type Coding = 'br' | 'gzip';

/**
 * The codings of `available` that may be sent, best first: by weight, and at equal weights in the order of `available`. A coding that
 * weighs less than the client's own weight for "identity" is left out.
 */
export function acceptedCodings(header: string | null, available: readonly Coding[]): readonly Coding[] {
  if (header === null) return [];
  const weights = parseWeights(header);
  const any = weights.get('*') ?? 0;
  const identity = weights.get('identity') ?? 0;
  return available
    .map(coding => ({ coding, weight: weights.get(coding) ?? any }))
    .filter(({ weight }) => weight > 0 && weight >= identity)
    .sort((one, other) => other.weight - one.weight)
    .map(({ coding }) => coding);
}

/** Weights by coding in lower case. A malformed member is skipped. Of two members for one coding the first counts. */
function parseWeights(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of header.toLowerCase().split(',')) {
    const parts = member.split(';');
    const name = (parts[0] ?? '').trim();
    const weight = parts.length === 1 ? 1 : parts.length === 2 ? parseWeight((parts[1] ?? '').trim()) : null;
    if (name === '' || weight === null) continue;
    const coding = name === 'x-gzip' ? 'gzip' : name;
    if (!weights.has(coding)) weights.set(coding, weight);
  }
  return weights;
}

function parseWeight(text: string): number | null {
  const value = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(text)?.[1];
  return value === undefined ? null : Number(value);
}
