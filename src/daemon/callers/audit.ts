// What hostd's log says of a caller and of its request. The caller's own words stand below one key and are cut, so none of
// them can be taken for hostd's.

import { native, type Peer } from '../../native/index.ts';

/** Characters of JSON that the log has of one request. */
const longest = 1000;

/** The caller, as the kernel tells. */
export function whoAsks({ uid, pid }: Peer): {
  readonly user: string;
  readonly uid: number;
  readonly pid: number;
} {
  return { user: native.user(uid)?.name ?? String(uid), uid, pid };
}

/** A caller's words, for one key of a log line. Too many of them are made one text, and cut. */
export function inShort(words: unknown): unknown {
  const text = JSON.stringify(words) ?? '';
  return text.length <= longest ? words : `${text.slice(0, longest)}...`;
}
