// The request header that an app is sent. Pure.

import type { Client } from './client-address.ts';
import type { RequestHead } from './request-head.ts';

export interface UpstreamRequest {
  readonly method: string;
  readonly uri: string;
  readonly host: string;
  /** The other end of the connection. */
  readonly remoteAddress: string;
  readonly client: Client;
  /** Whether the other end is a trusted proxy, whose claims about its client pass. */
  readonly trusted: boolean;
  /** Whether the app gets the client's address alone as X-Forwarded-For. */
  readonly clientAlone: boolean;
  readonly requestId: string;
  readonly head: RequestHead;
  /** Whether the app keeps connections open. */
  readonly keepalive: boolean;
  /** null: the client sent no body and no length. */
  readonly contentLength: number | null;
  readonly websocket: boolean;
}

/**
 * The header as latin-1 text, in nginx's order: what the proxy says, then what the client said. X-Forwarded-Proto is always the word
 * of the proxy, or of a proxy that it trusts: gunicorn believes any peer on its unix socket.
 */
export function upstreamHead(request: UpstreamRequest): string {
  const { head, remoteAddress, client } = request;
  const claimed = request.clientAlone ? null : head.forwardedFor;
  const last = request.clientAlone ? client.address : remoteAddress;
  const forwarded = claimed === null ? last : `${claimed}, ${last}`;
  const length = request.contentLength === null ? '' : `Content-Length: ${request.contentLength}\r\n`;
  return (
    `${request.method} ${request.uri} HTTP/1.1\r\nX-Forwarded-For: ${forwarded}\r\nX-Forwarded-Proto: ${client.secure ? 'https' : 'http'}\r\n` +
    `X-Real-IP: ${client.address}\r\n${request.trusted ? head.forwardedPlace : ''}X-Request-Id: ${request.requestId}\r\n` +
    `Host: ${request.host}\r\n${connectionField(request)}${length}${head.passed}\r\n`
  );
}

function connectionField(request: UpstreamRequest): string {
  if (request.websocket) return 'Connection: upgrade\r\nUpgrade: websocket\r\n';
  return request.keepalive ? '' : 'Connection: close\r\n';
}
