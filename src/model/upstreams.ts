// How many servers elsewhere may answer for one app.

/** More addresses than this are no list that somebody has written by hand. */
export const mostUpstreams = 64;
