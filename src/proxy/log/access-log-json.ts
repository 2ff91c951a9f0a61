// One request to one line of JSON for the access log. Pure. Texts of requests are bytes, one latin-1 character each. The line
// is bytes too: always valid UTF-8, valid JSON and one line, whatever a client has sent.

import { isUtf8 } from 'node:buffer';
import { basicUser, type LoggedRequest } from './access-log-line.ts';

export interface JsonLoggedRequest extends LoggedRequest {
  readonly site: string;
  readonly method: string;
  /** As received. */
  readonly uri: string;
  /** "HTTP/1.1". */
  readonly protocol: string;
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly requestId: string;
  /** Milliseconds; null: the app was not asked. */
  readonly requestMs: number;
  readonly upstreamMs: number | null;
  /** null: no connection to the app was wanted. */
  readonly queuedMs: number | null;
}

/** `time`: Unix time in milliseconds. */
export function accessLogJson(request: JsonLoggedRequest, time: number): string {
  const user = request.authorization === null ? null : basicUser(request.authorization);
  return (
    `{"time":"${new Date(time).toISOString()}","site":${quoted(request.site)},"remote_addr":${quoted(request.remoteAddress)},` +
    `"remote_user":${quoted(user)},"method":${quoted(request.method)},"uri":${quoted(request.uri)},` +
    `"protocol":${quoted(request.protocol)},"host":${quoted(request.host)},"status":${request.status},` +
    `"body_bytes_sent":${request.bodyBytes},"request_time":${seconds(request.requestMs)},` +
    `"upstream_time":${seconds(request.upstreamMs)},"queue_time":${seconds(request.queuedMs)},` +
    `"referer":${quoted(request.referer)},"user_agent":${quoted(request.userAgent)},` +
    `"request_id":${quoted(request.requestId)},"scheme":"${request.scheme}"}\n`
  );
}

function seconds(ms: number | null): string {
  return ms === null ? 'null' : (ms / 1000).toFixed(3);
}

/** A JSON string, or null. Bytes of valid UTF-8 stay as they are. In any other text each byte above ASCII becomes \u00XX. */
function quoted(bytes: string | null): string {
  if (bytes === null) return 'null';
  if (/^[ !#-[\]-~]*$/.test(bytes)) return `"${bytes}"`;
  const buffer = Buffer.from(bytes, 'latin1');
  const [text, odd] = isUtf8(buffer) ? [buffer.toString('utf8'), oddCharacters] : [bytes, oddBytes];
  return Buffer.from(JSON.stringify(text).replace(odd, escaped), 'utf8').toString('latin1');
}

// Characters that JSON allows, and that readers of lines or terminals misread.
const oddCharacters = /[\x7f-\x9f\u2028\u2029]/g;
const oddBytes = /[\x7f-\xff]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
