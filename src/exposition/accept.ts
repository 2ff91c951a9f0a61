// Which format a client would rather have, by its Accept field (RFC 9110 section 12.5.1). Pure.

import type { Format } from './text.ts';

/** Characters and ranges of a field that are looked at. */
const longest = 1000;
const mostRanges = 20;

/** Without the field, and where neither is accepted, it is the plain text, which everybody can read. */
export function formatFor(accept: string | undefined): Format {
  const ranges = (accept ?? '').slice(0, longest).split(',', mostRanges).map(parseRange);
  const best = (matches: (range: Range) => boolean) =>
    Math.max(0, ...ranges.filter(matches).map(({ quality }) => quality));
  const openmetrics = best(
    ({ type, version }) =>
      type === 'application/openmetrics-text' && (version === null || version === '1.0.0'),
  );
  const text = best(
    ({ type, version }) => type === 'text/plain' && (version === null || version === '0.0.4'),
  );
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

interface Range {
  readonly type: string;
  readonly version: string | null;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase());
  const value = (name: string) =>
    parameters.find(parameter => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = Number(value('q') ?? 1);
  return {
    type,
    version: value('version')?.replaceAll('"', '') ?? null,
    quality: quality >= 0 && quality <= 1 ? quality : 0,
  };
}
