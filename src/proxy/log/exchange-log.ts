// What an exchange that has ended is in the access log, in the format that the worker was told.

import { logTimeNow } from '../clock.ts';
import type { Accepted, Exchange } from '../request/exchange.ts';
import { accessLogJson } from './access-log-json.ts';
import { accessLogLine } from './access-log-line.ts';

/** `now`: performance.now() at its end. */
export function exchangeLine(exchange: Exchange, accepted: Accepted, now: number): string {
  const { req, askedAt, appEndedAt } = exchange;
  const { client } = accepted;
  const { method, url } = req;
  const protocol = `HTTP/${req.httpVersion}`;
  const { fields } = accepted.head;
  const logged = {
    remoteAddress: client.address,
    authorization: fields.get('authorization') ?? null,
    requestLine: `${method} ${url} ${protocol}`,
    status: exchange.loggedStatus,
    bodyBytes: exchange.sentBytes,
    referer: fields.get('referer') ?? null,
    userAgent: fields.get('user-agent') ?? null,
  };
  if (exchange.worker.accessLogFormat !== 'json') return accessLogLine(logged, logTimeNow());
  return accessLogJson(
    {
      ...logged,
      site: accepted.site.name,
      method,
      uri: url,
      protocol,
      host: accepted.host,
      scheme: client.secure ? 'https' : 'http',
      requestId: exchange.requestId,
      requestMs: now - exchange.startedAt,
      // An app that was given up for a client that went away never ended.
      upstreamMs: askedAt === 0 ? null : (appEndedAt || now) - askedAt,
      queuedMs: exchange.queuedMs,
    },
    Date.now(),
  );
}
