// The request header that an app is sent. Pure.

import type { RequestHead } from './request-head.ts';

export interface UpstreamRequest {
  readonly method: string;
  readonly uri: string;
  readonly host: string;
  readonly remoteAddress: string;
  readonly head: RequestHead;
  /** Whether the app keeps connections open. */
  readonly keepalive: boolean;
  /** null: the client sent no body and no length. */
  readonly contentLength: number | null;
  readonly websocket: boolean;
  /** Whether the client's connection is TLS. */
  readonly secure: boolean;
}

/**
 * The header as latin-1 text, in nginx's order: what the proxy says, then what the client said. X-Forwarded-Proto is
 * always the proxy's own word, since gunicorn believes whoever is at the other end of its unix socket.
 */
export function upstreamHead(request: UpstreamRequest): string {
  const { head, remoteAddress } = request;
  const forwarded = head.forwardedFor === null ? remoteAddress : `${head.forwardedFor}, ${remoteAddress}`;
  const length = request.contentLength === null ? '' : `Content-Length: ${request.contentLength}\r\n`;
  return (
    `${request.method} ${request.uri} HTTP/1.1\r\nX-Forwarded-For: ${forwarded}\r\nX-Forwarded-Proto: ${request.secure ? 'https' : 'http'}\r\n` +
    `X-Real-IP: ${remoteAddress}\r\nHost: ${request.host}\r\n${connectionField(request)}${length}${head.passed}\r\n`
  );
}

function connectionField(request: UpstreamRequest): string {
  if (request.websocket) return 'Connection: upgrade\r\nUpgrade: websocket\r\n';
  return request.keepalive ? '' : 'Connection: close\r\n';
}
