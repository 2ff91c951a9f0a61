// 103 Early Hints (RFC 8297): what of an app's interim answer a client may see before its answer. Pure.

import type { ResponseHead } from './response-head.ts';

/**
 * The interim answer to send, latin-1, or null for none. Only Link is passed: of all other fields nobody knows yet what the
 * answer will say of them. Its values are not judged, since the header that they came in has been read strictly: node's own
 * writeEarlyHints refuses several links in one field, as RFC 8288 allows. `room`: bytes that it may have.
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
