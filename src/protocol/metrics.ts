// What crosses between root and hostd-metrics, in lines: it asks for a sample, root answers with one (PlainSample of sample.ts) as JSON.

/** The one question. Another line closes the channel. */
export const question = 'sample';

/** Milliseconds for which a sample is new enough: whoever asks again before gets the same. */
export const freshFor = 1000;
