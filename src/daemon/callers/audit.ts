// What hostd's log says of a caller and of what it asked for. The caller's own words stand below one key, and are short: nothing of
// them can be taken for hostd's.

import { native, type Peer } from '../../native/index.ts';

/** The longest that is told of a request, in characters of JSON. */
const longest = 1000;

/** Who the kernel says is calling. */
export function whoAsks({ uid, pid }: Peer): {
  readonly user: string;
  readonly uid: number;
  readonly pid: number;
} {
  return { user: native.user(uid)?.name ?? String(uid), uid, pid };
}

/** A caller's words, for one key of a log line; cut, as a text, where they are too many. */
export function inShort(words: unknown): unknown {
  const text = JSON.stringify(words) ?? '';
  return text.length <= longest ? words : `${text.slice(0, longest)}...`;
}
