// 103 Early Hints (RFC 8297): which fields of an app's interim answer a client may see before the answer. Pure.

import type { ResponseHead } from './response-head.ts';

/**
 * The interim answer to send, latin-1; null: none. Only Link is passed: what other fields say may not hold for the answer that follows.
 * The values are not judged again, since the app's header has been read strictly. node's own writeEarlyHints would refuse several
 * links in one field, which RFC 8288 allows. `room`: bytes that the interim answer may have.
 */
export function earlyHints(head: ResponseHead, room: number): string | null {
  if (head.status !== 103) return null;
  let text = 'HTTP/1.1 103 Early Hints\r\n';
  let links = 0;
  for (const { lower, value } of head.fields) {
    const line = `Link: ${value}\r\n`;
    if (lower !== 'link' || value === '' || text.length + line.length + 2 > room) continue;
    text += line;
    links++;
  }
  return links === 0 ? null : `${text}\r\n`;
}
